import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";

const LISTENING = "0A"; // TCP_LISTEN of the kernel's tcp_states.h, as /proc/net/tcp prints it

/** The kernel prints listening sockets before all others and only as far as it is read: no need to wait for 20 000 rows. */
const TABLE_BYTES = 64 * 1024;
/** A name is worth this much waiting: a machine with ten thousand connections has as many links to read. */
const PATIENCE_MS = 150;

/**
 * Who listens on a TCP port of this machine, as far as the system tells: other users' processes hide their descriptors
 * from everyone but root. Reads every process's descriptor list, for 150 ms at most: for a message to a person, once.
 *
 * @returns the program's name and process id, or undefined
 */
export function portHolder(port: number): { readonly program: string; readonly pid: number } | undefined {
  const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => listeningSockets(startOf(file), port)));
  if (sockets.size === 0) return undefined;
  const untilMs = performance.now() + PATIENCE_MS;
  for (const pid of entriesOf("/proc").filter((name) => /^\d+$/.test(name))) {
    if (performance.now() > untilMs) return undefined;
    // A listener is opened early, so its descriptor is among the low ones: the thousands behind it are its connections.
    const descriptors = entriesOf(`/proc/${pid}/fd`).slice(0, 1000);
    const holds = descriptors.some((descriptor) => sockets.has(targetOf(`/proc/${pid}/fd/${descriptor}`)));
    if (holds) return { program: textOf(`/proc/${pid}/comm`).trim() || "a process", pid: Number(pid) };
  }
  return undefined;
}

/**
 * The sockets (`socket:[inode]`) that listen on a port, from the text of /proc/net/tcp:
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
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === LISTENING);
}

/**
 * Whether a TCP port of this machine is this user's, and nobody else's: before a secret is told to whoever listens there.
 */
export function isPortOurs(port: number): boolean {
  const owners = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => listeningUsers(startOf(file), port));
  return owners.length > 0 && owners.every((user) => user === process.getuid?.());
}

/** The users whose sockets listen on a port, from the text of /proc/net/tcp. */
export function listeningUsers(table: string, port: number): number[] {
  return listeningRows(table, port).map((columns) => Number(columns[7]));
}

function startOf(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const block = Buffer.alloc(TABLE_BYTES);
    let length = 0;
    for (let more = 1; more > 0 && length < block.length; length += more) {
      more = readSync(descriptor, block, length, block.length - length, null);
    }
    return block.toString("latin1", 0, length);
  } catch {
    return "";
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}
