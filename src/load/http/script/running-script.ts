import type { TenkError } from "../../../base/mod.ts";
import { FIELD_STRIDE, type Head, latin1 } from "../../../wire/http1/mod.ts";
import type { Slice } from "../../loop/mod.ts";
import { SeededRandom } from "../../message/mod.ts";
import { loadScript } from "./load-script.ts";
import { scriptError } from "./script-error.ts";
import type { LoadScript, ScriptContext, ScriptInit, ScriptRequest } from "./types.ts";

/** Counters of a script; and how much of an answer's content it gets. */
const MAX_COUNTERS = 100;
const MAX_BODY_BYTES = 1024 * 1024;
/** Marks its stream of random numbers among those of a run. */
const RANDOM_PART = 8;

/** Which script, and the words behind the URL. */
export interface ScriptPlan {
  readonly file: string;
  readonly args: readonly string[];
}

/** A script on one event loop. What it throws ends the run. */
export class RunningScript {
  /** Called once, with the first error. */
  failed: (error: TenkError) => void = () => {};
  readonly makesRequests: boolean;
  readonly readsAnswers: boolean;
  readonly #file: string;
  readonly #script: LoadScript;
  readonly #firstConnection: number;
  readonly #init: ScriptInit;
  readonly #contexts: (ScriptContext | undefined)[];
  readonly #counters = new Map<string, number>();
  readonly #readsFields: boolean;
  readonly #readsBodies: boolean;
  #hasFailed = false;

  /** @throws {TenkError} `file-unreadable`, `invalid-option` */
  static async start({ file, args }: ScriptPlan, seed: number, slice: Slice): Promise<RunningScript> {
    const running = new RunningScript(file, await loadScript(file), args, seed, slice);
    try {
      await running.#script.init?.(running.#init);
    } catch (error) {
      throw scriptError(error, file, "init");
    }
    return running;
  }

  private constructor(file: string, script: LoadScript, args: readonly string[], seed: number, slice: Slice) {
    const random = new SeededRandom();
    random.reseed(seed, slice.worker + 1, RANDOM_PART);
    this.#file = file;
    this.#script = script;
    this.#firstConnection = slice.firstConnection;
    this.#contexts = new Array<undefined>(slice.connections).fill(undefined);
    this.#init = {
      worker: slice.worker,
      workers: slice.workers,
      args,
      random: random.next,
      count: (name, by = 1) => this.#count(name, by),
    };
    const declared = script.response?.length ?? 0;
    this.makesRequests = script.request !== undefined;
    this.readsAnswers = script.response !== undefined;
    this.#readsFields = declared >= 2;
    this.#readsBodies = declared >= 3;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Asks the script for the next request of a slot. */
  request(slot: number): ScriptRequest | string | undefined {
    const asked = this.#script.request?.(this.#contextOf(slot));
    if (typeof (asked as { then?: unknown } | undefined)?.then === "function")
      throw new TypeError("it returned a promise, but a request is sent when it is due: prepare it in init");
    return asked;
  }

  /** An answer to a slot begins. */
  answer(slot: number, head: Head, bytes: Uint8Array): ScriptAnswer {
    return new ScriptAnswer(slot, head.status, this.#readsFields ? fieldsOf(head, bytes) : {}, this.#readsBodies);
  }

  answered({ slot, status, headers, body }: ScriptAnswer): void {
    if (this.#hasFailed) return;
    try {
      this.#script.response?.(status, headers, body, this.#contextOf(slot));
    } catch (error) {
      this.fail("response", error);
    }
  }

  /** A function of it threw. */
  fail(name: keyof LoadScript, thrown: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.failed(scriptError(thrown, this.#file, name));
  }

  /** Returns its counters by name, as they are added up over event loops. */
  read(): Record<string, number> {
    return Object.fromEntries([...this.#counters].map(([name, count]) => [`${COUNTER}${name}`, count]));
  }

  #contextOf(slot: number): ScriptContext {
    this.#contexts[slot] ??= { ...this.#init, connection: this.#firstConnection + slot, state: {} };
    return this.#contexts[slot];
  }

  #count(name: string, by: number): void {
    const before = this.#counters.get(name);
    if (before === undefined && this.#counters.size >= MAX_COUNTERS)
      throw new RangeError(`count("${name}") would be counter ${MAX_COUNTERS + 1}, at most ${MAX_COUNTERS} are kept`);
    this.#counters.set(name, (before ?? 0) + by);
  }
}

const COUNTER = "script ";

/** Returns the counters of `RunningScript.read`, added up. */
export function scriptCounters(sums: Readonly<Record<string, number>>): Record<string, number> {
  const own = Object.entries(sums).filter(([name]) => name.startsWith(COUNTER));
  return Object.fromEntries(own.map(([name, count]) => [name.slice(COUNTER.length), count]));
}

/** An answer as it comes. */
export class ScriptAnswer {
  readonly slot: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #pieces: Uint8Array[] | undefined;
  #length = 0;

  constructor(slot: number, status: number, headers: Readonly<Record<string, string>>, readsBody: boolean) {
    this.slot = slot;
    this.status = status;
    this.headers = headers;
    this.#pieces = readsBody ? [] : undefined;
  }

  /** Content, borrowed. What is beyond 1 MiB is left out. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const room = Math.min(to - from, MAX_BODY_BYTES - this.#length);
    if (this.#pieces === undefined || room <= 0) return;
    this.#pieces.push(bytes.slice(from, from + room));
    this.#length += room;
  }

  get body(): string {
    return this.#pieces === undefined ? "" : Buffer.concat(this.#pieces, this.#length).toString();
  }
}

/** Names in lower case; values of one name are joined as RFC 9110 §5.3 has it. */
function fieldsOf(head: Head, bytes: Uint8Array): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let place = 0; place < head.count * FIELD_STRIDE; place += FIELD_STRIDE) {
    const name = latin1(bytes, head.fields[place]!, head.fields[place + 1]!).toLowerCase();
    const value = latin1(bytes, head.fields[place + 2]!, head.fields[place + 3]!);
    fields[name] = Object.hasOwn(fields, name) ? `${fields[name]}, ${value}` : value;
  }
  return fields;
}
