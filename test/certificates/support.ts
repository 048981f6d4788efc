import { afterAll, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log, LogFields } from "../../src/base/mod.ts";
import type { Clock, IssueRequest } from "../../src/certificates/mod.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Some midnight after the earliest time that a right clock shows. */
export const START_MS = Date.UTC(2026, 10, 1);

/** A folder of its own, removed when the file's tests are over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenk-certificates-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A clock that stands until a test moves it. */
export class FakeClock implements Clock {
  nowMs: number;
  elapsedMs = 0;
  chance = 0;
  #timers: { atMs: number; work: () => void }[] = [];

  constructor(nowMs = START_MS) {
    this.nowMs = nowMs;
  }

  now = () => this.nowMs;
  elapsed = () => this.elapsedMs;
  random = () => this.chance;

  later = (work: () => void, ms: number) => {
    const timer = { atMs: this.elapsedMs + ms, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  get timers(): number {
    return this.#timers.length;
  }

  /** Lets time pass, and calls the timers that are due, each at its time. What they began is awaited by `settle`. */
  async pass(ms: number, settle: () => Promise<unknown>): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#move(Math.max(next.atMs, this.elapsedMs));
      this.#timers = this.#timers.filter((each) => each !== next);
      next.work();
      await settle();
    }
    this.#move(untilMs);
  }

  /** Lets time pass in which no timer fires, as in a machine that sleeps. */
  sleep(ms: number): void {
    this.#move(this.elapsedMs + ms);
  }

  #move(elapsedMs: number): void {
    this.nowMs += elapsedMs - this.elapsedMs;
    this.elapsedMs = elapsedMs;
  }
}

/** A log that keeps its lines, such as `warn cannot write certificates`. */
export function keptLog() {
  const lines: string[] = [];
  const fields: LogFields[] = [];
  const keep = (level: string) => (message: string, more?: LogFields) => {
    lines.push(`${level} ${message}`);
    fields.push(more ?? {});
  };
  const log: Log = { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
  return { log, lines, fields };
}

export function request(...names: string[]): IssueRequest {
  return { names, signal: new AbortController().signal };
}

/** A test that needs a program: skipped where there is none, and a failure in CI. */
export function testWith(program: string, name: string, work: () => Promise<void>, timeoutMs = 20_000): void {
  if (Bun.which(program) !== null) {
    test(name, work, timeoutMs);
    return;
  }
  test.skipIf(process.env.CI !== "true")(`${name}: needs ${program}`, () => {
    throw new Error(`This check needs ${program}, and must not be left out in CI`);
  });
}
