import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** One line on what the figures were taken on, with the load average: above about 0.3 before a run it was not alone. */
export function machine(): string {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${processors.length} x ${processors[0]?.model ?? "unknown"}, ${memory}, Linux ${release()}, somaxconn ${somaxconn()}, load average ${LOAD} before the run`;
}

const LOAD = loadavg()[0]?.toFixed(2);

function somaxconn(): string {
  return readFileSync("/proc/sys/net/core/somaxconn", "utf8").trim();
}
