/** The repository's manifests, with what a test needs of them changed as a user would: by an overlay. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Cluster, kubectl, until } from "./components.ts";
import { TAG } from "./images.ts";
import { podNames } from "./rolling.ts";

const OVERLAYS = join(import.meta.dirname, "../../deploy/kubernetes/overlays");
export const autoscaler = join(OVERLAYS, "../components/autoscaling/horizontal-pod-autoscaler.yaml");
const ROLLOUT_MS = 180_000;

type Patch = Readonly<Record<string, unknown>>;

/** A pod that stops as soon as it is asked to. */
export const WITHOUT_DRAIN: readonly Patch[] = [
  {
    target: { kind: "Deployment", name: "tenk" },
    patch: JSON.stringify([
      { op: "test", path: "/spec/template/spec/containers/0/env/1/name", value: "TENK_SHUTDOWN_DRAIN_DELAY" },
      { op: "replace", path: "/spec/template/spec/containers/0/env/1/value", value: "0s" },
    ]),
  },
];

const CONFIG = `tcp:
  packets: { listen: 9091, handler: echo }
`;

/** Applies the server's overlay with a handler that answers, and waits until only its pods run. */
export async function applyServer(cluster: Cluster, patches: readonly Patch[] = []): Promise<void> {
  const folder = overlay(cluster, "server", {
    namespace: "tenk",
    configMapGenerator: [{ name: "tenk", behavior: "merge", files: ["tenk.yaml"] }],
    patches,
  });
  writeFileSync(join(folder, "tenk.yaml"), CONFIG);
  const before = podNames(cluster);
  kubectl(cluster, ["apply", "-k", folder]);
  kubectl(cluster, ["-n", "tenk", "rollout", "status", "deployment/tenk", `--timeout=${ROLLOUT_MS / 1000}s`]);
  await until("the end of the old pods", () => podNames(cluster).every((name) => !before.includes(name)), ROLLOUT_MS);
}

/** The DaemonSet, with a name that its name server knows. */
export function applyNode(cluster: Cluster): void {
  const configMapGenerator = [{ name: "tenk-node", behavior: "merge", files: ["tenk.yaml"] }];
  const folder = overlay(cluster, "node", { namespace: "tenk-node", configMapGenerator });
  const shipped = readFileSync(join(OVERLAYS, "../node/tenk.yaml"), "utf8");
  writeFileSync(join(folder, "tenk.yaml"), shipped.replace("dns: {", "dns: { hosts: { printer: 192.0.2.9 },"));
  kubectl(cluster, ["apply", "-k", folder]);
}

/**
 * Starts the load test's Jobs against the server. There is no name server for Services in this cluster: pods know the names by a file.
 *
 * @param words of the controller, in place of the shipped ones
 */
export function applyLoad(cluster: Cluster, words: readonly string[]): void {
  const secret = ["create", "secret", "generic", "tenk-load", "--from-literal=key=0123456789abcdef0123456789abcdef"];
  kubectl(cluster, ["create", "namespace", "tenk-load"]);
  kubectl(cluster, ["-n", "tenk-load", ...secret]);
  kubectl(cluster, ["-n", "tenk-load", "apply", "-f", join(OVERLAYS, "../load/service.yaml")]);
  const addressOf = (namespace: string, name: string) =>
    kubectl(cluster, ["-n", namespace, "get", "service", name, "-o", "jsonpath={.spec.clusterIP}"]);
  const hostAliases = [
    { ip: addressOf("tenk", "tenk"), hostnames: ["tenk.tenk.svc"] },
    { ip: addressOf("tenk-load", "tenk-load"), hostnames: ["tenk-load"] },
  ];
  const pod = "/spec/template/spec";
  const names = [{ op: "add", path: `${pod}/hostAliases`, value: hostAliases }];
  const run = [{ op: "replace", path: `${pod}/containers/0/args`, value: words }];
  const patches = [
    { target: { kind: "Job" }, patch: JSON.stringify(names) },
    { target: { kind: "Job", name: "tenk-load" }, patch: JSON.stringify(run) },
  ];
  kubectl(cluster, ["apply", "-k", overlay(cluster, "load", { patches })]);
}

function overlay({ folder }: Cluster, name: string, changes: Patch): string {
  const path = join(folder, `overlay-${name}`);
  mkdirSync(path, { recursive: true });
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: [relative(path, join(OVERLAYS, name))],
    images: [{ name: "tenk", newTag: TAG }],
    ...changes,
  };
  writeFileSync(join(path, "kustomization.yaml"), JSON.stringify(kustomization));
  return path;
}
