import { open, readdir, readFile, readlink } from "node:fs/promises";
import type { Log } from "../base/mod.ts";

// States of the kernel's tcp_states.h, as /proc/net/tcp and /proc/net/udp print them: a UDP socket that nobody has connected is CLOSE.
const LISTENING = ["0A", "07"];

/** Listening sockets come first in the table, so that its start is enough. */
const TABLE_BYTES = 64 * 1024;
/** A machine with ten thousand connections has as many links to read. */
const TIMEOUT_MS = 2000;
/** A listener is opened early and has a low descriptor; those above are its connections. */
const MAX_DESCRIPTORS = 1000;
/** Links read at a time, so that the event loop is held up for a fraction of a millisecond only. */
const BATCH = 50;

const TCP_TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
const UDP_TABLES = ["/proc/net/udp", "/proc/net/udp6"];

/** A process that listens on a port. */
export interface PortHolder {
  readonly program: string;
  readonly pid: number;
}

/**
 * Finds the process that listens on a port of this machine, by TCP or, where it is asked for, UDP. Only root can see other users' processes. Reads every process's
 * descriptor list, for 2 s at most and asynchronously, since a reload must not hold up connections.
 *
 * @returns undefined when it cannot be found
 */
export async function portHolder(
  port: number,
  transport: "tcp" | "tcp or udp" = "tcp",
): Promise<PortHolder | undefined> {
  const names = transport === "tcp" ? TCP_TABLES : [...TCP_TABLES, ...UDP_TABLES];
  const tables = await Promise.all(names.map(startOf));
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)));
  if (sockets.size === 0) return undefined;
  const untilMs = performance.now() + TIMEOUT_MS;
  const pids = (await entriesOf("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  // The newest first: most likely a person has started it a moment ago.
  for (const pid of pids.sort((one, other) => other - one)) {
    if (!(await holdsOne(sockets, `/proc/${pid}/fd`, untilMs))) continue;
    const program = await readFile(`/proc/${pid}/comm`, "latin1").catch(() => "");
    return { program: program.trim() || "a process", pid };
  }
  return undefined;
}

/** As people read it: `nginx (pid 812)`. */
export function holderText({ program, pid }: PortHolder): string {
  return `${program} (pid ${pid})`;
}

/** A port that is in use, and the one that was taken instead. */
export interface PortInUse {
  readonly name: string;
  readonly port: number;
  readonly holder: PortHolder | undefined;
  readonly instead: number;
  readonly fix?: string;
}

/** Logs that a port is in use and another one was taken. */
export function logPortInUse(log: Log, { name, port, holder, instead, fix }: PortInUse): void {
  log.warn("port in use, listening elsewhere", { name, port, by: holder && holderText(holder), instead, fix });
}

async function holdsOne(sockets: ReadonlySet<string>, folder: string, untilMs: number): Promise<boolean> {
  if (performance.now() > untilMs) return false;
  const descriptors = (await entriesOf(folder)).slice(0, MAX_DESCRIPTORS);
  for (let at = 0; at < descriptors.length && performance.now() <= untilMs; at += BATCH) {
    const links = descriptors.slice(at, at + BATCH).map((each) => readlink(`${folder}/${each}`).catch(() => ""));
    if ((await Promise.all(links)).some((link) => sockets.has(link))) return true;
  }
  return false;
}

/**
 * Returns the sockets (`socket:[inode]`) that listen on a port, from the text of /proc/net/tcp:
 *
 * ```text
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *    0: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41270 …
 * ```
 */
export function listeningSockets(table: string, port: number): string[] {
  return listeningRows(table, port).map((columns) => `socket:[${columns[9]}]`);
}

function listeningRows(table: string, port: number): string[][] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && LISTENING.includes(columns[3] ?? ""));
}

/** Returns whether this user, and nobody else, listens on a TCP port of this machine: asked before a secret is sent there. */
export async function isPortOurs(port: number): Promise<boolean> {
  const tables = await Promise.all(TCP_TABLES.map(startOf));
  const owners = tables.flatMap((table) => listeningUsers(table, port));
  return owners.length > 0 && owners.every((user) => user === process.getuid?.());
}

/** Returns the users whose sockets listen on a port, from the text of /proc/net/tcp. */
export function listeningUsers(table: string, port: number): number[] {
  return listeningRows(table, port).map((columns) => Number(columns[7]));
}

/** Reads asynchronously: the kernel walks all of its connections for it, which takes milliseconds. */
async function startOf(file: string): Promise<string> {
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return "";
  try {
    const block = Buffer.alloc(TABLE_BYTES);
    let length = 0;
    for (let more = 1; more > 0 && length < block.length; length += more) {
      more = (await handle.read(block, length, block.length - length, null)).bytesRead;
    }
    return block.toString("latin1", 0, length);
  } catch {
    return "";
  } finally {
    await handle.close();
  }
}

function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
