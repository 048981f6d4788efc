/** Starts a cluster of one node: every component is a process in the network namespace that this one is in. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARIES } from "./binaries.ts";

/** The node's address, on an interface of its own. */
export const NODE_ADDRESS = "10.77.0.1";
const POD_NETWORK = "10.244.0.0/24";
const SERVICE_NETWORK = "10.96.0.0/16";
const API = "https://127.0.0.1:6443";
const ETCD = "http://127.0.0.1:2379";
/** Whoever may enter the namespace is root on this machine. */
const TOKEN = "tenk-cluster";
const STARTING_MS = 120_000;

export interface Cluster {
  readonly folder: string;
  /** Where a second cluster has other cgroups. */
  readonly cgroup: string;
  readonly kubeconfig: string;
}

/** Starts everything, and returns when the node is ready. A component that ends is an error, which its log explains. */
export async function startCluster(folder: string, cgroup: string): Promise<Cluster> {
  const cluster = { folder, cgroup, kubeconfig: join(folder, "kubeconfig") };
  prepareNetwork();
  writeFiles(cluster);
  start(cluster, "etcd", etcdArguments(folder), "etcd");
  await until("etcd", () => answers(`${ETCD}/health`));
  start(cluster, "kube-apiserver", apiServerArguments(folder));
  start(cluster, "containerd", ["--config", join(folder, "containerd.toml")], "containerd");
  await until("kube-apiserver", () => answers(`${API}/readyz`));
  const access = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map(
    (name) => `--${name}=${cluster.kubeconfig}`,
  );
  start(cluster, "kube-controller-manager", [
    ...access,
    "--leader-elect=false",
    `--service-account-private-key-file=${join(folder, "sa.key")}`,
    `--cluster-cidr=${POD_NETWORK}`,
  ]);
  start(cluster, "kube-scheduler", [...access, "--leader-elect=false"]);
  start(cluster, "kubelet", [
    `--config=${join(folder, "kubelet.yaml")}`,
    `--kubeconfig=${cluster.kubeconfig}`,
    "--hostname-override=node",
    `--node-ip=${NODE_ADDRESS}`,
    `--root-dir=${join(folder, "kubelet")}`,
  ]);
  start(cluster, "kube-proxy", [`--config=${join(folder, "kube-proxy.yaml")}`]);
  await until("the node", async () => kubectlText(cluster, ["get", "node", "node", "--no-headers"]).includes(" Ready"));
  return cluster;
}

/** Runs kubectl and returns what it printed. @throws with what it printed, where it fails */
export function kubectl(cluster: Cluster, args: readonly string[], input?: string): string {
  const { status, stdout, stderr } = kubectlProcess(cluster, args, input);
  if (status !== 0) throw new Error(`kubectl ${args.join(" ")} failed: ${stderr || stdout}`);
  return stdout;
}

/** The same, where a failure is an answer too. */
export function kubectlText(cluster: Cluster, args: readonly string[]): string {
  const { stdout, stderr } = kubectlProcess(cluster, args);
  return `${stdout}${stderr}`;
}

function kubectlProcess({ kubeconfig }: Cluster, args: readonly string[], input = "") {
  return spawnSync(join(BINARIES, "kubectl"), [`--kubeconfig=${kubeconfig}`, ...args], { encoding: "utf8", input });
}

/** Waits for a condition that another process brings about. */
export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  timeoutMs = STARTING_MS,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`${what} is not ready after ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const children = new Set<ChildProcess>();

function start({ folder }: Cluster, name: string, args: readonly string[], program = join(BINARIES, name)): void {
  const log = openSync(join(folder, `${name}.log`), "a");
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", log, log] });
  children.add(child);
  child.on("exit", (code, signal) => {
    const lines = readFileSync(join(folder, `${name}.log`), "utf8")
      .trim()
      .split("\n")
      .slice(-5)
      .join("\n");
    console.error(`${name} ended (${signal ?? code}):\n${lines}`);
    process.exit(1);
  });
}

async function answers(url: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return fetch(url, { headers, tls: { rejectUnauthorized: false } }).then(
    ({ ok }) => ok,
    () => false,
  );
}

function prepareNetwork(): void {
  command("ip", "link", "set", "lo", "up");
  command("ip", "link", "add", "node0", "type", "bridge");
  command("ip", "address", "add", `${NODE_ADDRESS}/24`, "dev", "node0");
  command("ip", "link", "set", "node0", "up");
  command("ip", "route", "add", "default", "dev", "node0");
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  // A client of 2000 connections a second uses each port again within half a minute.
  writeFileSync("/proc/sys/net/ipv4/ip_local_port_range", "1024 65000");
  writeFileSync("/proc/sys/net/ipv4/tcp_tw_reuse", "1");
}

export function command(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
  return stdout;
}

function etcdArguments(folder: string): string[] {
  const peers = "http://127.0.0.1:2380";
  return [
    ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync"],
    ...["--listen-client-urls", ETCD, "--advertise-client-urls", ETCD],
    ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", `default=${peers}`],
  ];
}

function apiServerArguments(folder: string): string[] {
  const key = join(folder, "sa.key");
  command("openssl", "genrsa", "-out", key, "2048");
  writeFileSync(join(folder, "tokens.csv"), `${TOKEN},admin,admin,system:masters\n`);
  return [
    `--etcd-servers=${ETCD}`,
    "--bind-address=0.0.0.0",
    `--advertise-address=${NODE_ADDRESS}`,
    `--cert-dir=${join(folder, "certificates")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    `--service-cluster-ip-range=${SERVICE_NETWORK}`,
    "--allow-privileged=true",
    // The name of the node is nobody's to resolve.
    "--kubelet-preferred-address-types=InternalIP",
  ];
}

function writeFiles({ folder, cgroup, kubeconfig }: Cluster): void {
  const json = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value, null, 2));
  json("kubeconfig", {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "tenk", cluster: { server: API, "insecure-skip-tls-verify": true } }],
    users: [{ name: "admin", user: { token: TOKEN } }],
    contexts: [{ name: "tenk", context: { cluster: "tenk", user: "admin" } }],
    "current-context": "tenk",
  });
  writeFileSync(join(folder, "resolv.conf"), "");
  json("kubelet.yaml", {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    // Nobody else reaches this network namespace.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: cgroup,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${join(folder, "containerd.sock")}`,
    resolvConf: join(folder, "resolv.conf"),
    volumePluginDir: join(folder, "plugins"),
    podLogsDir: join(folder, "pod-logs"),
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    readOnlyPort: 0,
  });
  json("kube-proxy.yaml", {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    // On a node with many Services the news of a pod that goes takes seconds too.
    nftables: { minSyncPeriod: "3s" },
    clientConnection: { kubeconfig },
    hostnameOverride: "node",
    clusterCIDR: POD_NETWORK,
    conntrack: { maxPerCore: 0 },
  });
  mkdirSync(join(folder, "net.d"));
  json("net.d/10-pods.conflist", {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        // Not a bridge: an answer between two pods of one would go past the address translation of Services.
        type: "ptp",
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: POD_NETWORK }]],
          routes: [{ dst: "0.0.0.0/0" }],
          dataDir: join(folder, "addresses"),
        },
      },
    ],
  });
  writeFileSync(join(folder, "containerd.toml"), containerdText(folder));
}

function containerdText(folder: string): string {
  return `version = 2
root = "${folder}/containerd"
state = "${folder}/run"
disabled_plugins = [${["btrfs", "zfs", "aufs", "devmapper"].map((name) => `"io.containerd.snapshotter.v1.${name}"`)}]
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
}
