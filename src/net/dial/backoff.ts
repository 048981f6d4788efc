import { TenkError } from "../../base/mod.ts";
import { durationSetting } from "../settings.ts";
import type { BackoffOptions } from "./options.ts";

export type BackoffSettings = Readonly<Required<BackoffOptions>>;

/** @throws {TenkError} `invalid-option` */
export function backoffSettings(name: string, given: BackoffOptions): BackoffSettings {
  const minMs = durationSetting(`${name}.minMs`, given.minMs ?? 100);
  const maxMs = durationSetting(`${name}.maxMs`, given.maxMs ?? Math.max(10_000, minMs));
  const { jitter = "full" } = given;
  if (maxMs < minMs) throw wrong(`${name}.maxMs`, `at least minMs, ${minMs}`, maxMs);
  if (jitter !== "full" && jitter !== "none") throw wrong(`${name}.jitter`, '"full" or "none"', jitter);
  return { minMs, maxMs, jitter };
}

function wrong(name: string, expected: string, value: unknown): TenkError {
  return new TenkError("invalid-option", `Cannot use ${name} as it must be ${expected}: current value is ${value}`);
}

/**
 * How long to wait after so many failures in a row: a random part of a time that doubles up to a cap ("full jitter", AWS
 * Architecture Blog, "Exponential Backoff And Jitter", 2015: of the ways compared it loads the server least).
 *
 * @param failures in a row before this wait, from 1
 * @param random from 0 to below 1, as `Math.random`
 * @example
 * backoffMs(1, { minMs: 100, maxMs: 10_000, jitter: "none" }, Math.random); // 100
 * backoffMs(4, { minMs: 100, maxMs: 10_000, jitter: "full" }, () => 0.5); // 400
 * backoffMs(99, { minMs: 100, maxMs: 10_000, jitter: "none" }, Math.random); // 10_000
 */
export function backoffMs(failures: number, settings: BackoffSettings, random: () => number): number {
  // 2 ** 31 ms is beyond every cap; without a bound the power becomes infinite, and 0 times that is no number.
  const longestMs = Math.min(settings.maxMs, settings.minMs * 2 ** Math.min(failures - 1, 31));
  return settings.jitter === "full" ? Math.floor(random() * (longestMs + 1)) : longestMs;
}
