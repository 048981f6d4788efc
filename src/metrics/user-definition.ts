import { TenkError } from "../base/mod.ts";

/** Prefixes of tenk's own metrics and of well-known exporters. */
const RESERVED = /^(tenk|process|node|go|up|scrape)(_|$)/;

/** The arguments that define a metric. */
export interface Definition {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
  /** Anything else that may differ between two metrics of one name and type: a histogram's buckets. */
  readonly detail?: string;
}

/** Checks what a program without types may pass. @throws {TenkError} `invalid-option` */
export function checkDefinition({ name, help, labels }: Definition): void {
  const wrong = (what: string, expected: string, found: unknown) =>
    refused(
      String(name),
      `${what}: expected ${expected}, found ${shown(found)}`,
      'counter("name_total", "Help.", ["label"])',
    );
  if (typeof name !== "string") throw wrong("name", "text", name);
  if (!Array.isArray(labels)) throw wrong("labels", "a list of names", labels);
  const odd = labels.findIndex((label) => typeof label !== "string");
  if (odd >= 0) throw wrong("labels", "a list of names", labels[odd]);
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/.test(name)) throw wrongName(name, "it must be a-z, 0-9 and _, a letter first");
  if (RESERVED.test(name))
    throw wrongName(name, "names that begin with tenk, process, node, go, up or scrape are reserved");
  for (const label of labels) {
    if (!isLabel(label))
      throw refused(name, `"${label}" cannot be the name of a label`, "such as room or close_reason");
  }
  if (typeof help !== "string" || help === "") throw wrong("help", "text", help);
}

/** Returns the value as a program would write it. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value === "object") return value === null ? "null" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** Prometheus reserves labels that begin with two underscores, and `le` and `quantile` for histograms and summaries. */
function isLabel(name: string): boolean {
  return /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,199}$/.test(name) && name !== "le" && name !== "quantile";
}

export function wrongName(name: string, why: string): TenkError {
  return refused(name, why, "a good name has its subject first and its unit last: chat_messages_total, line_bytes");
}

export function refused(name: string, why: string, hint: string): TenkError {
  return new TenkError("invalid-option", `Cannot make the metric "${String(name).slice(0, 200)}": ${why}`, { hint });
}
