/** Rolling updates of tenk while clients connect. */
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { type Cluster, kubectl, until } from "./components.ts";
import type { ConnectCounts } from "./connects.ts";

const CONNECTS_PER_SECOND = 2000;
const WARM_UP_MS = 2000;
const TIMEOUT_MS = 180_000;

/** Connects all the time while every pod is replaced, and until the last of the old ones is gone. */
export async function rollUnderLoad(cluster: Cluster): Promise<ConnectCounts> {
  const address = kubectl(cluster, ["-n", "tenk", "get", "service", "tenk", "-o", "jsonpath={.spec.clusterIP}"]);
  // The node's proxy learns of a Service a moment after its pods are ready.
  await until("the Service", () => isAnswered(address));
  const program = [
    process.execPath,
    join(import.meta.dirname, "connects.ts"),
    address,
    "9091",
    `${CONNECTS_PER_SECOND}`,
  ];
  const clients = spawn("sh", ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  clients.stdout.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  const ended = new Promise<void>((resolve) => clients.on("close", () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const old = podNames(cluster);
  kubectl(cluster, ["-n", "tenk", "rollout", "restart", "deployment/tenk"]);
  await until("the new version", () => podNames(cluster).every((name) => !old.includes(name)), TIMEOUT_MS);
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  clients.kill("SIGTERM");
  await ended;
  return JSON.parse(text);
}

function isAnswered(host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port: 9091 }, () => resolve(true));
  socket.on("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

export function podNames(cluster: Cluster): string[] {
  const selector = "app.kubernetes.io/component=server";
  return kubectl(cluster, ["-n", "tenk", "get", "pods", "-l", selector, "-o", "name"]).split("\n").filter(Boolean);
}

export function failuresOf({ failed }: ConnectCounts): number {
  return Object.values(failed).reduce((sum, count) => sum + count, 0);
}

export function countsText(counts: ConnectCounts): string {
  const causes = Object.entries(counts.failed).map(([code, count]) => `${count} ${code}`);
  const when = counts.failedAt?.map((seconds) => seconds.toFixed(1)).join(" to ");
  const why = causes.length > 0 ? ` (${causes.join(", ")}, begun in second ${when})` : "";
  return `${counts.begun} connections at ${counts.perSecond}/s, ${counts.answered} answered, ${failuresOf(counts)} failed${why}`;
}
