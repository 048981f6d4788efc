import { createSocket, type Socket } from "node:dgram";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseName } from "../src/wire/dns/mod.ts";
import { product, settingsFile } from "./build.ts";
import type { DnsNames } from "./dns-names.ts";
import { addBlocked, type DnsPeer } from "./dns-peers.ts";
import { freePort } from "./free-port.ts";
import { residentBytesOf } from "./proc.ts";
import { type Running, start } from "./process.ts";

const START_MS = 60_000;
const REREAD_MS = 60_000;
const PROBE_MS = 2;
const ADDED = 5000;

/** What a server took to start, and with its lists. */
export interface Loaded {
  /** From its start to its first answer for a blocked name. */
  readonly startMs: number;
  readonly residentBytes: number;
}

/** What it took to read its lists again. */
export interface Reread {
  readonly tookMs: number;
  /** Its most memory meanwhile, to what it had before. */
  readonly peak: number;
}

/** A DNS server that runs with its lists. */
export class DnsStand {
  readonly name: string;
  readonly port: number;
  readonly loaded: Loaded;
  readonly #peer: DnsPeer;
  readonly #running: Running;
  readonly #lists: DnsNames;
  readonly #hostsFile: string;

  private constructor(
    peer: DnsPeer,
    port: number,
    running: Running,
    loaded: Loaded,
    of: { readonly lists: DnsNames; readonly hostsFile: string },
  ) {
    this.name = peer.name;
    this.port = port;
    this.loaded = loaded;
    this.#peer = peer;
    this.#running = running;
    this.#lists = of.lists;
    this.#hostsFile = of.hostsFile;
  }

  /**
   * Starts it, and waits until it blocks. The second start is timed, as of a machine that starts again: with the files in memory, and with
   * what a server keeps of its lists.
   *
   * @param processor undefined = any
   */
  static async open(
    peer: DnsPeer,
    lists: DnsNames,
    authorityPort: number,
    processor: number | undefined,
  ): Promise<DnsStand> {
    const port = await freePort();
    rmSync(product(`settings/${port}-data`), { recursive: true, force: true });
    const hostsFile = settingsFile(port, "blocked.hosts", readFileSync(lists.hostsFile, "latin1"));
    const command = peer.command({ port, authorityPort, lists, hostsFile });
    const first = start(command, processor);
    try {
      await untilBlocked(port, lists.names.slice(0, 1), START_MS, first);
      await Bun.sleep(1000);
    } finally {
      await first.stop();
    }
    const fromMs = performance.now();
    const running = start(command, processor);
    try {
      const startMs = (await untilBlocked(port, lists.names.slice(0, 1), START_MS, running)) - fromMs;
      // What is left to be done behind the first answer is done.
      await Bun.sleep(1000);
      const loaded = { startMs, residentBytes: residentBytesOf(running.pid) };
      return new DnsStand(peer, port, running, loaded, { lists, hostsFile });
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  /** Microseconds of processor time of all its threads so far. */
  cpuUs(): number {
    const folder = `/proc/${this.#running.pid}/task`;
    if (!existsSync(folder)) throw new Error(`it has ended: ${this.#running.complaint() || "no reason was told"}`);
    const texts = readdirSync(folder).map((thread) => readFileSync(`${folder}/${thread}/schedstat`, "utf8"));
    return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]) / 1000, 0);
  }

  /** Has it read its list again, with a few more names. */
  async reread(): Promise<Reread> {
    const { pid } = this.#running;
    // Many, as a server with a cache in front of its list keeps what it said before.
    const added = Array.from({ length: ADDED }, (_, index) => `added${index}.example`);
    const before = residentBytesOf(pid);
    // Resets the mark of the most memory (proc(5)).
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
    addBlocked(this.#hostsFile, this.#lists.names, added);
    const fromMs = performance.now();
    if (this.#peer.rereads === undefined) this.#running.signal("SIGHUP");
    const tookMs = (await untilBlocked(this.port, added, REREAD_MS, this.#running)) - fromMs;
    const [, most = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return { tookMs, peak: (Number(most) * 1024) / before };
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }
}

/** Returns when a server first answered that one of the names has the address 0.0.0.0; they are asked in turn. */
async function untilBlocked(
  port: number,
  names: readonly string[],
  withinMs: number,
  running: Running,
): Promise<number> {
  const socket = createSocket("udp4");
  let isGone = false;
  running.exited.then(() => {
    isGone = true;
  });
  try {
    await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve));
    socket.on("error", () => {});
    const endMs = performance.now() + withinMs;
    for (let turn = 0; performance.now() < endMs && !isGone; turn++) {
      const atMs = await probe(socket, names[turn % names.length]!);
      if (atMs > 0) return atMs;
    }
    throw new Error(`does not block ${names[0]}: ${running.complaint() || "no reason was told"}`);
  } finally {
    socket.close();
  }
}

/** Asks once. @returns when the name was answered to be blocked; 0 where it was not */
async function probe(socket: Socket, name: string): Promise<number> {
  const query = Buffer.concat([
    Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    parseName(name)!,
    Uint8Array.of(0, 1, 0, 1),
  ]);
  return await new Promise<number>((resolve) => {
    const settle = (atMs: number) => {
      clearTimeout(timer);
      socket.off("message", read);
      resolve(atMs);
    };
    const read = (answer: Buffer) => {
      const isBlocked = answer.readUInt16BE(6) > 0 && answer.subarray(query.length).includes(NULL_ADDRESS);
      if (isBlocked) settle(performance.now());
    };
    const timer = setTimeout(() => settle(0), PROBE_MS);
    socket.on("message", read);
    socket.send(query, () => {});
  });
}

/** The length of an address, and 0.0.0.0. */
const NULL_ADDRESS = Uint8Array.of(0, 4, 0, 0, 0, 0);
