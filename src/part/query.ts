import { TenkError } from "../base/mod.ts";

/**
 * Reads a number, 0 or more, from a query; undefined when it is absent or empty.
 *
 * @throws {TenkError} `usage`
 */
export function numberParam(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0 && text.trim() !== "") return value;
  throw new TenkError("usage", `cannot read ${name}: expected a number`);
}

/**
 * Reads one of a closed set of words from a query; the first is the default.
 *
 * @throws {TenkError} `usage`
 */
export function choiceParam<const Choices extends readonly string[]>(
  query: URLSearchParams,
  name: string,
  choices: Choices,
): Choices[number] {
  const text = query.get(name) || choices[0]!;
  if (choices.includes(text)) return text;
  throw new TenkError("usage", `cannot read ${name}: expected one of ${choices.join(", ")}`);
}
