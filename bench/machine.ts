import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** Describes the machine in one line, with its load average: above about 0.3 before a run, other programs were running. */
export function machine(): string {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${processors.length} x ${processors[0]?.model ?? "unknown"}, ${memory}, Linux ${release()}, somaxconn ${somaxconn()}, load average ${LOAD} before the run`;
}

const LOAD = loadavg()[0]?.toFixed(2);

function somaxconn(): string {
  return readFileSync("/proc/sys/net/core/somaxconn", "utf8").trim();
}
