/** Checks of options that come from a file or another thread, where types promise nothing. All throw `invalid-option`. */
import { nearest, TenkError } from "../base/mod.ts";

export function optionValues(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return wrongOption(what, "an object", value);
}

/** Returns the options that have a value: an explicit `undefined` must not replace a default. */
export function withoutUndefined(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function known(given: object, names: readonly string[], what: string): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, names);
  throw new TenkError("invalid-option", `Cannot use ${JSON.stringify(unknown)}: it is not ${what}`, {
    hint: near === undefined ? `known are ${names.join(", ")}` : `did you mean "${near}"?`,
  });
}

export function oneOfValues(name: string, value: unknown, values: readonly unknown[]): void {
  if (!values.includes(value)) wrongOption(name, `one of ${values.join(", ")}`, value);
}

export function wholeNumber(name: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  wrongOption(name, `a whole number of ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : " or more"}`, value);
}

export function wrongOption(name: string, expected: string, value: unknown): never {
  const shown = JSON.stringify(value) ?? String(value);
  throw new TenkError("invalid-option", `Cannot use ${name} as it must be ${expected}: current value is ${shown}`);
}
