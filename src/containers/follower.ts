import { type Log, messageOf, withHint } from "../base/mod.ts";
import { type Container, LABEL_PREFIX } from "./container.ts";
import { ContainerEngine, type EngineOptions, type EngineVersion } from "./engine.ts";
import type { EngineEvent } from "./events.ts";

export interface FollowOptions extends EngineOptions {
  /** Gets all containers after each change, and at least every `relistMs`. */
  readonly onContainers: (containers: readonly Container[]) => void;
  readonly log: Log;
  /** Events of so long are one change. @default {300} */
  readonly debounceMs?: number;
  /** The list is asked for again after this time: a stream of events may end without a word. @default {60_000} */
  readonly relistMs?: number;
  /** First wait before an engine that is away is asked again; it doubles up to `maxBackOffMs`. @default {1000} */
  readonly backOffMs?: number;
  /** @default {60_000} */
  readonly maxBackOffMs?: number;
  /** Containers that are asked for in detail after one change. @default {256} */
  readonly maxDetails?: number;
}

export const FOLLOW_DEFAULTS = {
  debounceMs: 300,
  relistMs: 60_000,
  backOffMs: 1000,
  maxBackOffMs: 60_000,
  maxDetails: 256,
} as const;

/** Counts of one engine. */
export interface FollowCounts {
  events: number;
  /** Events that were too long, or not JSON. */
  unreadable: number;
  lists: number;
  failures: number;
}

/** Questions to the engine at a time. */
const AT_ONCE = 4;
/** How long a list may wait for the next, as a multiple of what it took: an engine with 1 000 containers takes its time. */
const REST = 5;
const MAX_EXITS = 1000;

/** Signals by which somebody ends a container (`docker kill`). */
const ENDING_SIGNALS = /^(SIG)?(INT|QUIT|KILL|TERM|2|3|9|15)$/i;
/** A container that was told to end may take so long for it. */
const ENDING_MS = 60_000;

/** How a container ended, as the events of the engine told it. */
interface Exit {
  readonly isOutOfMemory: boolean;
  /** When somebody stopped it, in milliseconds since 1970; 0 where nobody did: it ended by itself. */
  readonly stoppedMs: number;
}

/**
 * Follows one container engine: its events say that something has changed, and then all containers are listed. So whatever is lost of the
 * stream is found by the next list.
 *
 * ```text
 *   events ──► something changed ──► debounce ──► list, details of those with labels ──► onContainers
 *     └── ended, or no answer ──► back-off ──► events …
 * ```
 */
export class EngineFollower {
  readonly socket: string;
  readonly counts: FollowCounts = { events: 0, unreadable: 0, lists: 0, failures: 0 };
  /** Undefined while the engine does not answer. */
  version: EngineVersion | undefined;
  /** Why it does not. */
  reason: string | undefined;
  /** Since when one does not answer that was followed before, in milliseconds since 1970. */
  lostMs: number | undefined;
  containers: readonly Container[] = [];
  readonly #engine: ContainerEngine;
  readonly #options: FollowOptions & Readonly<Record<keyof typeof FOLLOW_DEFAULTS, number>>;
  readonly #exits = new Map<string, Exit>();
  readonly #stopping = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #tellsStops = true;
  #isListing = false;
  #isAskedAgain = false;
  #notBeforeMs = 0;
  #details = new Map<string, readonly [key: string, container: Container]>();
  /** Those that events were about since the last list. */
  #changed = new Set<string>();
  /** Ends the stream of events: the engine hangs, or tenk stops. */
  #connection = new AbortController();

  constructor(options: FollowOptions) {
    this.#options = { ...FOLLOW_DEFAULTS, ...options };
    this.#engine = new ContainerEngine(options);
    this.socket = options.socket;
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#stopping.abort();
    this.#connection.abort();
    clearTimeout(this.#timer);
  }

  /** Whether somebody stopped a container that has exited; undefined where no event told, as for one that ended before tenk started. */
  wasStopped({ id, finishedMs }: Container): boolean | undefined {
    const exit = this.#exits.get(id);
    if (exit === undefined) return undefined;
    return exit.stoppedMs > 0 && exit.stoppedMs > finishedMs - ENDING_MS;
  }

  async #follow(): Promise<void> {
    const { backOffMs, maxBackOffMs } = this.#options;
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        await this.#connect(() => {
          failures = 0;
        });
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#lost(error);
        const waitMs = Math.min(maxBackOffMs, backOffMs * 2 ** Math.min(failures, 20));
        failures += 1;
        await this.#wait(waitMs);
      }
    }
  }

  /** Resolves when a stream of events was long enough. @throws {TenkError} why the engine can be followed no more */
  async #connect(onFound: () => void): Promise<void> {
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    if (this.#stopping.signal.aborted) return;
    try {
      const version = await this.#engine.ping(signal);
      this.#tellsStops = version.engine !== "Podman";
      const stream = this.#engine.events((event) => this.#take(event), signal);
      // Awaited below; it may fail before.
      stream.catch(() => undefined);
      // The list comes after the events were asked for, so that nothing falls between the two.
      await this.#list(signal);
      onFound();
      this.#found(version);
      this.#plan(this.#options.relistMs);
      await stream;
    } catch (error) {
      throw signal.aborted ? (signal.reason ?? error) : error;
    } finally {
      this.#connection.abort();
      clearTimeout(this.#timer);
      this.#dueMs = Number.POSITIVE_INFINITY;
    }
  }

  #found(version: EngineVersion): void {
    const { log } = this.#options;
    const isNews = this.version === undefined;
    this.version = version;
    this.reason = undefined;
    this.lostMs = undefined;
    const { engine, api } = version;
    if (isNews)
      log.info("container engine followed", { engine, api, socket: this.socket, containers: this.containers.length });
  }

  #lost(error: unknown): void {
    const isNews = this.version !== undefined || this.reason === undefined;
    this.counts.failures += 1;
    if (this.version !== undefined) this.lostMs = Date.now();
    this.version = undefined;
    this.reason = messageOf(error);
    if (isNews)
      this.#options.log.warn("container engine does not answer", { socket: this.socket, error: withHint(error) });
  }

  #take(event: EngineEvent | undefined): void {
    this.counts.events += 1;
    if (event === undefined) this.counts.unreadable += 1;
    else this.#note(event);
    this.#plan(this.#options.debounceMs);
  }

  /** Remembers how a container ends: the list says only with which code. */
  #note({ action, id, signal }: EngineEvent): void {
    if (id === "") return;
    this.#changed.add(id);
    if (action === "start" || action === "destroy") this.#exits.delete(id);
    const isMemory = action === "oom";
    const isStop = action === "stop" || (action === "kill" && ENDING_SIGNALS.test(signal ?? ""));
    // Podman does not tell who ended a container: there the exit code alone says it.
    const isEnd = action === "die" && this.#tellsStops;
    if (!isMemory && !isStop && !isEnd) return;
    const before = this.#exits.get(id) ?? { isOutOfMemory: false, stoppedMs: 0 };
    this.#exits.delete(id);
    this.#exits.set(id, {
      isOutOfMemory: isMemory || before.isOutOfMemory,
      stoppedMs: isStop ? Date.now() : before.stoppedMs,
    });
    if (this.#exits.size > MAX_EXITS) this.#exits.delete(this.#exits.keys().next().value!);
  }

  /** Lists in `waitMs`, if that is sooner than what is planned. */
  #plan(waitMs: number): void {
    if (this.#isListing) {
      this.#isAskedAgain ||= waitMs < this.#options.relistMs;
      return;
    }
    const atMs = Math.max(performance.now() + waitMs, this.#notBeforeMs);
    if (atMs >= this.#dueMs || this.#connection.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#dueMs = atMs;
    this.#timer = setTimeout(() => void this.#relist(), Math.max(0, atMs - performance.now()));
    this.#timer.unref();
  }

  async #relist(): Promise<void> {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const connection = this.#connection;
    try {
      await this.#list(connection.signal);
      this.#plan(this.#isAskedAgain ? this.#options.debounceMs : this.#options.relistMs);
    } catch (error) {
      connection.abort(error);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    const changed = this.#changed;
    this.#changed = new Set();
    this.#isListing = true;
    this.#isAskedAgain = false;
    try {
      const { containers, left } = await this.#engine.list(signal);
      const detailed = await this.#detailed(containers, changed, signal);
      if (signal.aborted) return;
      this.counts.lists += 1;
      if (left > 0 && this.counts.lists === 1)
        this.#options.log.warn("too many containers, the oldest are left out", { socket: this.socket, left });
      this.containers = detailed;
      this.#options.onContainers(detailed);
    } finally {
      this.#isListing = false;
      this.#notBeforeMs = performance.now() + REST * (performance.now() - startedMs);
    }
  }

  /** Asks for the details of containers with labels, and of those that ended; what did not change since is known already. */
  async #detailed(
    containers: readonly Container[],
    changed: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<readonly Container[]> {
    const { maxDetails } = this.#options;
    const isAsked = ({ id, labels, state }: Container) =>
      Object.keys(labels).some((key) => key.startsWith(LABEL_PREFIX)) || (state !== "running" && this.#exits.has(id));
    const asked = containers.filter(isAsked).slice(0, maxDetails);
    const details = new Map<string, readonly [string, Container]>();
    let next = 0;
    const work = async () => {
      for (let each = asked[next++]; each !== undefined; each = asked[next++]) {
        const key = JSON.stringify(each);
        const before = changed.has(each.id) ? undefined : this.#details.get(each.id);
        const found = before?.[0] === key ? before[1] : await this.#engine.inspect(each.id, signal);
        // It may have gone since the list was made.
        if (found !== undefined) details.set(each.id, [key, found]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.#details = details;
    return containers.map((each) => this.#withExit(details.get(each.id)?.[1] ?? each));
  }

  #withExit(container: Container): Container {
    const isOutOfMemory = container.isOutOfMemory || (this.#exits.get(container.id)?.isOutOfMemory ?? false);
    return isOutOfMemory === container.isOutOfMemory ? container : { ...container, isOutOfMemory };
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(end, ms);
      timer.unref();
      signal.addEventListener("abort", end, { once: true });
      function end() {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      }
    });
  }
}
