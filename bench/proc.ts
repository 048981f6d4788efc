import { readdirSync, readFileSync } from "node:fs";

/** Processor time of a process, by the kernel's accounting. */
export interface CpuTime {
  readonly userMs: number;
  readonly systemMs: number;
}

/** USER_HZ: the unit of `/proc/PID/stat` on every Linux that runs Node or Bun. */
const TICK_MS = 10;

/** Parses `/proc/PID/stat`. The name in it may contain spaces and brackets, so fields are counted after the last bracket. */
export function parseCpuTime(stat: string): CpuTime {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  if (!Number.isFinite(user) || !Number.isFinite(system)) throw new Error(`not the text of /proc/PID/stat: ${stat}`);
  return { userMs: user * TICK_MS, systemMs: system * TICK_MS };
}

/**
 * Parses anonymous memory, in bytes, from `/proc/PID/smaps_rollup`: heaps and stacks, without the program's file and without
 * kernel memory. (`RssAnon` in `/proc/PID/status` is the same, but less exact.)
 */
export function parseAnonymousBytes(rollup: string): number {
  return kibibytesIn(rollup, "Anonymous") * 1024;
}

/** Parses resident memory, in bytes, from `/proc/PID/smaps_rollup`: also the program's file. */
export function parseResidentBytes(rollup: string): number {
  return kibibytesIn(rollup, "Rss") * 1024;
}

function kibibytesIn(rollup: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1];
  if (kibibytes === undefined) throw new Error(`not the text of /proc/PID/smaps_rollup: no line ${name}`);
  return Number(kibibytes);
}

/** Returns a process and all its descendants: a generator may work in child processes. */
export function cpuTimeOf(pid: number): CpuTime {
  const times = tree(pid).map((each) => parseCpuTime(readFileSync(`/proc/${each}/stat`, "utf8")));
  return { userMs: sum(times.map((time) => time.userMs)), systemMs: sum(times.map((time) => time.systemMs)) };
}

export function anonymousBytesOf(pid: number): number {
  return sum(tree(pid).map((each) => parseAnonymousBytes(readFileSync(`/proc/${each}/smaps_rollup`, "utf8"))));
}

/** Memory that processes share counts for each of them. */
export function residentBytesOf(pid: number): number {
  return sum(tree(pid).map((each) => parseResidentBytes(readFileSync(`/proc/${each}/smaps_rollup`, "utf8"))));
}

function tree(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(tree)];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
