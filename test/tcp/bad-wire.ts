/**
 * Two network namespaces and the wire between them, which loses, delays and is cut as a test says. The packets go through this
 * process by two TUN devices: unlike `tc netem` that needs no kernel module, and chance comes from a seed.
 *
 * ```text
 *   namespace "near", 10.77.0.1 ── tun ── this process: loss, delay, cut ── tun ── namespace "far", 10.77.0.2
 * ```
 */
import { dlopen, ptr } from "bun:ffi";
import { spawnSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync, read, writeSync } from "node:fs";
import { type Random, randomFrom } from "../wire/fuzz.ts";

const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;
const MAX_PACKET_BYTES = 65_536;

/** Whether this machine can have one: it needs root, `ip` and TUN. */
export function canHaveBadWire(): boolean {
  return process.getuid?.() === 0 && existsSync("/dev/net/tun") && spawnSync("ip", ["-V"]).status === 0;
}

export class BadWire {
  readonly near = `tenk-near-${process.pid}`;
  readonly far = `tenk-far-${process.pid}`;
  readonly nearAddress = "10.77.0.1";
  readonly farAddress = "10.77.0.2";
  /** Of 100 packets, each way. */
  lossPercent = 0;
  /** Each way. */
  delayMs = 0;
  isCut = false;
  packets = 0;
  lost = 0;
  readonly #random: Random;
  readonly #descriptors: [number, number];
  #isClosed = false;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    for (const name of [this.near, this.far]) ip("netns", "add", name);
    this.#descriptors = [
      this.#device("tk0", this.near, this.nearAddress),
      this.#device("tk1", this.far, this.farAddress),
    ];
    this.#carry(this.#descriptors[0], this.#descriptors[1]);
    this.#carry(this.#descriptors[1], this.#descriptors[0]);
  }

  close(): void {
    this.#isClosed = true;
    for (const name of [this.near, this.far]) spawnSync("ip", ["netns", "del", name]);
    for (const descriptor of this.#descriptors) closeSync(descriptor);
  }

  /** A device that this process holds the other end of. */
  #device(prefix: string, namespace: string, address: string): number {
    const name = `${prefix}-${process.pid}`;
    const descriptor = openSync("/dev/net/tun", constants.O_RDWR);
    const request = new Uint8Array(40);
    request.set(new TextEncoder().encode(name));
    new DataView(request.buffer).setUint16(16, IFF_TUN_NO_PI, true);
    if (libc.ioctl(descriptor, TUNSETIFF, ptr(request)) < 0) throw new Error(`no TUN device ${name}`);
    ip("link", "set", name, "netns", namespace);
    ip("-n", namespace, "addr", "add", `${address}/30`, "dev", name);
    // A burst must fit: what the kernel drops for want of room would be loss that nobody asked for.
    ip("-n", namespace, "link", "set", name, "txqueuelen", "10000", "up");
    ip("-n", namespace, "link", "set", "lo", "up");
    return descriptor;
  }

  #carry(from: number, to: number): void {
    const buffer = Buffer.alloc(MAX_PACKET_BYTES);
    const next = () =>
      read(from, buffer, 0, buffer.length, null, (error, length) => {
        // A device that goes away with its namespace ends the wire.
        if (error !== null || this.#isClosed) return;
        this.#pass(to, buffer.subarray(0, length));
        next();
      });
    next();
  }

  #pass(to: number, packet: Buffer): void {
    this.packets += 1;
    if (this.isCut || this.#random(100) < this.lossPercent) {
      this.lost += 1;
      return;
    }
    const copy = Buffer.from(packet);
    if (this.delayMs === 0) this.#put(to, copy);
    else setTimeout(() => this.#put(to, copy), this.delayMs);
  }

  #put(to: number, packet: Buffer): void {
    try {
      if (!this.#isClosed) writeSync(to, packet);
    } catch {
      this.lost += 1; // the device's own queue is full, or it is down
    }
  }
}

const libc = dlopen("libc.so.6", { ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } }).symbols;

function ip(...words: string[]): void {
  const { status, stderr } = spawnSync("ip", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr}`);
}
