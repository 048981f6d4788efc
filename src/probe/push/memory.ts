import { join } from "node:path";
import { type Log, messageOf, occasionally } from "../../base/mod.ts";
import { readJsonFile, writeJsonFile } from "./files.ts";
import type { PushState } from "./judge.ts";
import type { OffTime } from "./off-times.ts";

/** What is kept over a restart. */
export interface Remembered {
  /** When it was last written: until then tenk ran. */
  readonly aliveMs: number | undefined;
  readonly offTimes: readonly OffTime[];
  readonly states: ReadonlyMap<string, PushState>;
}

const NUMBERS = ["sinceMs", "lastMs", "startedMs", "failedMs", "exitCode", "durationMs"] as const;
const MAX_STATES = 10_000;
const MAX_MESSAGE = 4096;

/** The file that has the last calls. */
export class PushMemory {
  readonly #path: string | undefined;
  readonly #log: Log;
  readonly #logFailure: (error: unknown) => void;

  constructor(folder: string | undefined, log: Log) {
    this.#path = folder && join(folder, "push.json");
    this.#log = log;
    const warn = (count: number, error: string) => log.warn("push calls are not kept", { error, count });
    const logFailure = occasionally<string>(warn);
    this.#logFailure = (error) => logFailure(messageOf(error));
  }

  read(): Remembered {
    const given = this.#path === undefined ? undefined : readJsonFile(this.#path, this.#log);
    const { aliveMs, offTimes, states } = recordOf(given);
    return {
      aliveMs: numberOf(aliveMs),
      offTimes: (Array.isArray(offTimes) ? offTimes : []).filter(isOffTime),
      states: new Map(
        Object.entries(recordOf(states))
          .slice(0, MAX_STATES)
          .flatMap(([name, each]) => {
            const state = stateOf(each);
            return state === undefined ? [] : [[name, state] as const];
          }),
      ),
    };
  }

  write({ aliveMs, offTimes, states }: Remembered): void {
    if (this.#path === undefined) return;
    try {
      writeJsonFile(this.#path, { aliveMs, offTimes, states: Object.fromEntries(states) });
    } catch (error) {
      this.#logFailure(error);
    }
  }
}

function stateOf(given: unknown): PushState | undefined {
  const record = recordOf(given);
  const numbers = NUMBERS.flatMap((name) => {
    const value = numberOf(record[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  const state = Object.fromEntries(numbers) as unknown as PushState;
  if (state.sinceMs === undefined) return undefined;
  const { message } = record;
  return typeof message === "string" ? { ...state, message: message.slice(0, MAX_MESSAGE) } : state;
}

function isOffTime(given: unknown): given is OffTime {
  return Array.isArray(given) && given.length === 2 && given.every((each) => numberOf(each) !== undefined);
}

function recordOf(given: unknown): Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
}

function numberOf(given: unknown): number | undefined {
  return typeof given === "number" && Number.isFinite(given) ? given : undefined;
}
