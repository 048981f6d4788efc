/** What the manifests are checked against, and by which programs: Go modules, each of one version. */

/** Kubernetes; its libraries are `v0` of the same minor version. */
export const KUBERNETES = "v1.37.2";

export const KUBERNETES_MODULE = `k8s.io/kubernetes@${KUBERNETES}`;
/** Has the definition of ServiceMonitor. */
export const PROMETHEUS_OPERATOR_MODULE = "github.com/prometheus-operator/prometheus-operator@v0.85.0";

/** Programs by name → package and version, as `go install` takes them. */
export const TOOLS = {
  kubeconform: "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0",
  kustomize: "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1",
  helm: "helm.sh/helm/v4/cmd/helm@v4.3.1",
} as const;
