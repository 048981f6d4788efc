import { logOf } from "../../base/mod.ts";
import type { FetchOptions } from "./fetch-list.ts";
import { LIST_FAILURES, ListError, type ListFailure } from "./list-error.ts";
import type { ListFolder } from "./list-folder.ts";

export interface ListUpdaterOptions {
  /** How often each list is fetched. Default: a day, plus or minus a tenth, so that not all instances fetch at the same time. */
  readonly everyMs?: number;
  /** Delay after a failure, doubled with each further one up to `everyMs`. Default: 5 minutes. */
  readonly retryMs?: number;
  /** Limit for one list. Default: 64 MiB, some three million names. */
  readonly maxBytes?: number;
  /** Limit for the transfer of one list. Default: 5 minutes. */
  readonly timeoutMs?: number;
  readonly request?: Pick<FetchOptions, "lookup" | "tls">;
  /** Called once after a round in which lists changed. */
  readonly onChange: () => void;
  readonly nowMs?: () => number;
  readonly random?: () => number;
}

/** How a list fares, for status and metrics. */
export interface ListState {
  readonly url: string;
  /** Consecutive failures. */
  failures: number;
  lastFailure: { readonly kind: ListFailure; readonly message: string } | undefined;
  /** When it is fetched next, in milliseconds since 1970. */
  dueMs: number;
}

const DEFAULTS = { everyMs: 86_400_000, retryMs: 300_000, maxBytes: 64 * 1024 * 1024, timeoutMs: 300_000 };
const JITTER = 0.1;
/** Longest sleep: timers have a limit, and the clock jumps after a machine was suspended. */
const MAX_SLEEP_MS = 600_000;
const log = logOf("dns");

/** Keeps lists up to date: fetches each once a day, one after the other, and sooner after a failure. */
export class ListUpdater {
  readonly states: ListState[];
  /** Failures by kind. */
  readonly failures: Record<ListFailure, number> = Object.fromEntries(LIST_FAILURES.map((kind) => [kind, 0])) as Record<
    ListFailure,
    number
  >;
  readonly #folder: ListFolder;
  readonly #options: Required<Omit<ListUpdaterOptions, "request">> & Pick<ListUpdaterOptions, "request">;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(folder: ListFolder, urls: readonly string[], options: ListUpdaterOptions) {
    this.#folder = folder;
    this.#options = { ...DEFAULTS, nowMs: Date.now, random: Math.random, ...options };
    this.states = urls.map((url) => ({ url, failures: 0, lastFailure: undefined, dueMs: this.#firstDue(url) }));
  }

  /** Returns when a list is first due: now, if there is no copy. */
  #firstDue(url: string): number {
    const checkedMs = this.#folder.stored(url)?.checkedMs;
    const nowMs = this.#options.nowMs();
    // A wrong clock, as on a machine without a battery, must not delay an update by years.
    return checkedMs === undefined || checkedMs > nowMs ? nowMs : checkedMs + this.#interval();
  }

  #interval(): number {
    const { everyMs, random } = this.#options;
    return everyMs * (1 + JITTER * (2 * random() - 1));
  }

  start(): void {
    const next = Math.min(...this.states.map(({ dueMs }) => dueMs));
    const waitMs = Math.min(MAX_SLEEP_MS, Math.max(0, next - this.#options.nowMs()));
    this.#timer = setTimeout(
      () => void this.updateDue().then(() => !this.#stop.signal.aborted && this.start()),
      waitMs,
    );
    this.#timer.unref();
  }

  /** Fetches all lists that are due. */
  updateDue(): Promise<void> {
    this.#round = this.#round.then(() => this.#update((state) => state.dueMs <= this.#options.nowMs()));
    return this.#round;
  }

  /** Fetches all lists, due or not. */
  updateAll(): Promise<void> {
    this.#round = this.#round.then(() => this.#update(() => true));
    return this.#round;
  }

  /** Stops; a transfer under way is given up. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#round;
  }

  async #update(isWanted: (state: ListState) => boolean): Promise<void> {
    let isChanged = false;
    for (const state of this.states) {
      if (this.#stop.signal.aborted) return;
      if (isWanted(state) && (await this.#updateOne(state))) isChanged = true;
    }
    if (isChanged && !this.#stop.signal.aborted) this.#options.onChange();
  }

  async #updateOne(state: ListState): Promise<boolean> {
    const { nowMs, maxBytes, timeoutMs, request = {} } = this.#options;
    const options = { ...request, maxBytes, timeoutMs, signal: this.#stop.signal };
    try {
      const result = await this.#folder.update(state.url, nowMs(), options);
      Object.assign(state, { failures: 0, lastFailure: undefined, dueMs: nowMs() + this.#interval() });
      if (result.isChanged) {
        const { names, rules, invalid } = result.summary;
        log.info("block list updated", { list: shownUrl(state.url), names, rules, invalid });
      }
      return result.isChanged;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#note(state, error);
      return false;
    }
  }

  #note(state: ListState, error: unknown): void {
    if (!(error instanceof ListError)) throw error;
    const { everyMs, retryMs, nowMs } = this.#options;
    const { failure: kind, message } = error;
    this.failures[kind] += 1;
    const waitMs = Math.min(everyMs, retryMs * 2 ** state.failures);
    Object.assign(state, { failures: state.failures + 1, lastFailure: { kind, message }, dueMs: nowMs() + waitMs });
    log.warn("block list not updated", {
      list: shownUrl(state.url),
      reason: kind,
      problem: message,
      ...(this.#folder.stored(state.url) && { kept: "the copy on the disk" }),
      retryInSeconds: Math.round(waitMs / 1000),
    });
  }
}

/** Returns a URL without the parts that may be secret. */
function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
