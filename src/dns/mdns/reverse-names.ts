import { nameText, RecordType, reverseName } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import { nameKey } from "./records.ts";

/** A name holds for its own time, within these bounds; that there is none, for the shortest. */
const MIN_SECONDS = 600;
const MAX_SECONDS = 7200;
/** Questions a second, and at once. */
const PER_SECOND = 5;
const BURST = 20;
/** Machines choose their names themselves: only those that could be a host's are taken. */
const HOST_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.local$/i;

interface KnownName {
  /** Undefined: asked for, or there is none. */
  readonly name: string | undefined;
  readonly untilMs: number;
}

/** Sends a question for a name and type. @returns whether there is an interface for it */
export type Ask = (address: string, name: Uint8Array, type: number) => boolean;

/** Names that other machines have given their addresses, asked for when somebody wants to know. */
export class ReverseNames {
  readonly #ask: Ask;
  readonly #maxNames: number;
  /** By the key of the name of the address; the oldest first. */
  readonly #known = new Map<string, KnownName>();
  #budget = BURST;
  #atMs = 0;

  /** @param maxNames addresses that are remembered; the oldest make room */
  constructor(ask: Ask, maxNames = 1024) {
    this.#ask = ask;
    this.#maxNames = maxNames;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Returns the name of a machine; undefined while it is not known. The first call asks for it. */
  nameOf(address: string, nowMs: number): string | undefined {
    const ip = parseIp(address.split("%")[0]!);
    if (ip === undefined) return undefined;
    const question = reverseName(ip);
    const key = nameKey(question);
    const known = this.#known.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.name;
    if (!this.#mayAsk(nowMs) || !this.#ask(formatIp(ip), question, RecordType.ptr)) return known?.name;
    this.#keep(key, { name: known?.name, untilMs: nowMs + MIN_SECONDS * 1000 });
    return known?.name;
  }

  /** Takes a PTR record of a response, if it was asked for. */
  heard(owner: Uint8Array, data: Uint8Array, ttlSeconds: number, nowMs: number): void {
    const key = nameKey(owner);
    if (!this.#known.has(key)) return;
    const name = nameText(data);
    if (ttlSeconds === 0 || !HOST_NAME.test(name)) return;
    const seconds = Math.min(Math.max(ttlSeconds, MIN_SECONDS), MAX_SECONDS);
    this.#keep(key, { name, untilMs: nowMs + seconds * 1000 });
  }

  #keep(key: string, known: KnownName): void {
    this.#known.delete(key);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= this.#maxNames) this.#known.delete(oldest);
    this.#known.set(key, known);
  }

  #mayAsk(nowMs: number): boolean {
    this.#budget = Math.min(BURST, this.#budget + ((nowMs - this.#atMs) * PER_SECOND) / 1000);
    this.#atMs = nowMs;
    if (this.#budget < 1) return false;
    this.#budget -= 1;
    return true;
  }
}
