import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/** A process, as far as this user may see it. */
export interface Process {
  readonly pid: number;
  /** Of the kernel, at most 15 letters; programs may choose it freely. */
  readonly comm: string;
  /** The path of its executable; "" where it may not be seen. */
  readonly executable: string;
  readonly words: readonly string[];
  /** Its working folder; "" where it may not be seen. */
  readonly folder: string;
}

/** A box with very many descriptors takes seconds to walk. */
const TIMEOUT_MS = 5000;
/** Links that are read at once, so that the event loop turns in between. */
const BATCH = 100;

/**
 * Finds the processes that hold sockets: of several that share one, that with the lowest id, which is the parent; systemd, which keeps
 * those of its socket units, only where nobody else has it. Only root sees the processes of others.
 *
 * @param inodes of the sockets
 * @param root of the file system, for tests
 * @returns by inode; without those that were not found in time
 */
export async function holdersOf(inodes: ReadonlySet<string>, root = "/"): Promise<Map<string, Process>> {
  const untilMs = performance.now() + TIMEOUT_MS;
  const found = new Map<string, number>();
  const names = await readdir(join(root, "proc")).catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids.sort((one, other) => rankOf(one) - rankOf(other))) {
    if (found.size === inodes.size || performance.now() > untilMs) break;
    const folder = join(root, "proc", String(pid), "fd");
    const descriptors = await readdir(folder).catch(() => []);
    for (let at = 0; at < descriptors.length; at += BATCH) {
      const links = await Promise.all(
        descriptors.slice(at, at + BATCH).map((each) => readlink(join(folder, each)).catch(() => "")),
      );
      for (const link of links) {
        const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
        if (inode !== undefined && inodes.has(inode) && !found.has(inode)) found.set(inode, pid);
      }
    }
  }
  const processes = new Map<number, Process>();
  for (const pid of new Set(found.values())) processes.set(pid, await processOf(pid, root));
  return new Map([...found].map(([inode, pid]) => [inode, processes.get(pid)!]));
}

/** The first process, systemd, comes last. */
function rankOf(pid: number): number {
  return pid === 1 ? Number.POSITIVE_INFINITY : pid;
}

async function processOf(pid: number, root: string): Promise<Process> {
  const at = (name: string) => join(root, "proc", String(pid), name);
  const [comm, executable, words, folder] = await Promise.all([
    readFile(at("comm"), "latin1").catch(() => ""),
    readlink(at("exe")).catch(() => ""),
    readFile(at("cmdline"), "utf8").catch(() => ""),
    readlink(at("cwd")).catch(() => ""),
  ]);
  return {
    pid,
    comm: comm.trim(),
    executable: executable.replace(/ \(deleted\)$/, ""),
    words: words.split("\0").filter((word) => word !== ""),
    folder,
  };
}
