import type {
  KeptService,
  KeptServices,
  ServicesForget,
  ServicesRewind,
  Store,
  StoredChange,
  StoredTimes,
} from "../../store/mod.ts";
import { STATES, type State } from "../health/mod.ts";
import type { ServiceRecord, StateChange } from "./service-record.ts";
import { TIMES, type TimeTotals } from "./time-totals.ts";

/** Several services that change together are one write. */
const TOGETHER_MS = 2000;
/** Changes that wait while the disk cannot be written; the oldest are lost. */
const MAX_WAITING = 5000;
const HOUR_MS = 3_600_000;
const ROW = 1 + TIMES.length;

/** Reads and writes the history of the services. A disk that fails is logged by the store; what could not be written is tried again. */
export class HistoryWriter {
  readonly #store: Pick<Store, "services">;
  readonly #options: { readonly maxChanges: number; readonly writeEveryMs: number };
  #isLoaded = false;
  #waiting: StoredChange[] = [];
  #forget: ServicesForget | undefined;
  #rewind: ServicesRewind | undefined;
  #renames: (readonly [from: string, to: string])[] = [];
  /** The first hour and day that are not wholly written. */
  #hour = -1;
  #day = -1;
  #dueMs = Number.POSITIVE_INFINITY;
  #writing: Promise<void> | undefined;

  constructor(store: Pick<Store, "services">, options: { readonly maxChanges: number; readonly writeEveryMs: number }) {
    this.#store = store;
    this.#options = options;
  }

  async load(): Promise<KeptServices | undefined> {
    const kept = await this.#store.services.read(this.#options.maxChanges);
    this.#isLoaded = true;
    return kept;
  }

  /** Puts what was read into a record. */
  restore(record: ServiceRecord, { changes, hours, days }: KeptService): void {
    record.restore(changes.flatMap(({ atMs, state, reason }) => (isState(state) ? [{ atMs, to: state, reason }] : [])));
    putTimes(record.hours, hours);
    putTimes(record.days, days);
  }

  changed(service: string, { atMs, to, reason }: StateChange, elapsedMs: number): void {
    this.#waiting.push({ service, atMs, state: to, reason });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.splice(0, MAX_WAITING / 10);
    this.#dueMs = Math.min(this.#dueMs, elapsedMs + TOGETHER_MS);
  }

  renamed(from: string, to: string): void {
    this.#waiting = this.#waiting.map((each) => (each.service === from ? { ...each, service: to } : each));
    this.#renames.push([from, to]);
  }

  forgotten(forget: ServicesForget): void {
    const services = [...(this.#forget?.services ?? []), ...forget.services];
    this.#forget = { ...forget, services };
  }

  rewound(rewind: ServicesRewind): void {
    this.#waiting = this.#waiting.filter(({ atMs }) => atMs <= rewind.afterMs);
    this.#rewind = rewind;
    this.#hour = Math.min(this.#hour, rewind.hour);
    this.#day = Math.min(this.#day, rewind.day);
  }

  /** Writes where it is due. */
  tick(aliveMs: number, elapsedMs: number, records: ReadonlyMap<string, ServiceRecord>, day: number): void {
    if (!Number.isFinite(this.#dueMs)) this.#dueMs = elapsedMs + this.#options.writeEveryMs;
    if (this.#hour < 0) this.#hour = Math.floor(aliveMs / HOUR_MS);
    if (this.#day < 0) this.#day = day;
    if (elapsedMs < this.#dueMs || !this.#isLoaded || this.#writing !== undefined) return;
    this.#dueMs = elapsedMs + this.#options.writeEveryMs;
    this.#writing = this.#write(aliveMs, records, day, false);
  }

  async flush(aliveMs: number, records: ReadonlyMap<string, ServiceRecord>, day: number): Promise<void> {
    await this.#writing;
    if (this.#isLoaded) await this.#write(aliveMs, records, day, true);
  }

  async #write(
    aliveMs: number,
    records: ReadonlyMap<string, ServiceRecord>,
    day: number,
    insist: boolean,
  ): Promise<void> {
    const hour = Math.floor(aliveMs / HOUR_MS);
    const changes = this.#waiting;
    const [forget, rewind, renames] = [this.#forget, this.#rewind, this.#renames];
    this.#waiting = [];
    this.#renames = [];
    this.#forget = undefined;
    this.#rewind = undefined;
    const { maxChanges } = this.#options;
    const hours = [...records.values()].flatMap((record) => timesOf(record.name, record.hours, this.#hour, hour));
    const days = [...records.values()].flatMap((record) => timesOf(record.name, record.days, this.#day, day));
    const write = {
      aliveMs,
      changes,
      hours,
      days,
      maxChanges,
      renames,
      ...(forget && { forget }),
      ...(rewind && { rewind }),
    };
    if (await this.#store.services.write(write, insist)) {
      this.#hour = hour;
      this.#day = day;
    } else {
      this.#waiting = [...changes, ...this.#waiting];
      this.#renames = [...renames, ...this.#renames];
      this.#forget ??= forget;
      this.#rewind ??= rewind;
    }
    this.#writing = undefined;
  }
}

/** Returns the rows from one hour or day to another. */
function timesOf(service: string, totals: TimeTotals, from: number, until: number): StoredTimes[] {
  const rows: StoredTimes[] = [];
  for (let key = Math.max(from, until - totals.length + 1); key <= until; key++)
    if (totals.has(key)) rows.push({ service, key, times: totals.times(key) });
  return rows;
}

function putTimes(totals: TimeTotals, rows: Float64Array): void {
  for (let at = 0; at + ROW <= rows.length; at += ROW)
    for (let time = 0; time < TIMES.length; time++) totals.add(rows[at]!, time, rows[at + 1 + time]!);
}

function isState(text: string): text is State {
  return (STATES as readonly string[]).includes(text);
}
