/** What the other objects are for, tried: the Secret, the DaemonSet, the HorizontalPodAutoscaler. */
import { Resolver } from "node:dns/promises";
import { type Cluster, kubectl, NODE_ADDRESS, until } from "./components.ts";
import { applyNode, autoscaler } from "./manifests.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const METRICS = ['node_network_receive_bytes_total{device="node0"}', "node_memory_MemTotal_bytes ", 'mountpoint="/"'];

/** The pods take this token: to be called before they start. */
export function addToken(cluster: Cluster): void {
  kubectl(cluster, ["-n", "tenk", "create", "secret", "generic", "tenk", `--from-literal=token=${TOKEN}`]);
}

/** @returns what does not hold */
export async function complaintsOfObjects(cluster: Cluster): Promise<string[]> {
  const complaints: string[] = [];
  const address = ["-n", "tenk", "get", "service", "tenk-dashboard", "-o", "jsonpath={.spec.clusterIP}"];
  const metrics = `http://${kubectl(cluster, address)}:9190/metrics`;
  // The node's proxy learns of a Service a moment after its pods are ready.
  await until("the dashboard's Service", () =>
    statusOf(metrics, TOKEN).then(
      () => true,
      () => false,
    ),
  );
  const statuses = await Promise.all([TOKEN, `${TOKEN}0`].map((token) => statusOf(metrics, token)));
  if (statuses.join() !== "200,401") complaints.push(`/metrics with the Secret's token and a wrong one: ${statuses}`);
  applyNode(cluster);
  kubectl(cluster, ["-n", "tenk-node", "rollout", "status", "daemonset/tenk-node", "--timeout=120s"]);
  const resolver = new Resolver();
  resolver.setServers([NODE_ADDRESS]);
  const addresses = await resolver.resolve4("printer.home.arpa").catch((error: Error) => [error.message]);
  if (addresses[0] !== "192.0.2.9") complaints.push(`the node's name server answers ${addresses}`);
  const text = await (await fetch("http://127.0.0.1:9190/metrics")).text();
  complaints.push(...METRICS.filter((line) => !text.includes(line)).map((line) => `the node's pod shows no ${line}`));
  kubectl(cluster, ["-n", "tenk", "apply", "-f", autoscaler]);
  kubectl(cluster, ["-n", "tenk", "scale", "deployment/tenk", "--replicas=1"]);
  const size = ["-n", "tenk", "get", "deployment", "tenk", "-o", "jsonpath={.spec.replicas} {.status.readyReplicas}"];
  await until("the smallest number of pods", () => kubectl(cluster, size) === "2 2").catch((error: Error) =>
    complaints.push(error.message),
  );
  return complaints;
}

async function statusOf(url: string, token: string): Promise<number> {
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
}
