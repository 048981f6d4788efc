import { TenkError } from "../../base/mod.ts";
import type { Labels } from "./disk.ts";

/**
 * Writes a series as Prometheus does, with its labels sorted by name, so that each series has one key.
 *
 * @example
 * seriesKey("closed_total", { reason: "idle", listener: "a" }); // 'closed_total{listener="a",reason="idle"}'
 */
export function seriesKey(name: string, labels: Labels = {}): string {
  const names = Object.keys(labels);
  if (names.length === 0) return name;
  if (names.length > 1) names.sort();
  let text = "";
  for (const label of names) text += `${text === "" ? "" : ","}${label}="${escaped(labels[label]!)}"`;
  return `${name}{${text}}`;
}

/**
 * Parses a key, with its labels in any order.
 *
 * @throws {TenkError} `invalid-option` for a text that is not a key
 * @example
 * parseSeriesKey('closed_total{reason="idle"}'); // { name: "closed_total", labels: { reason: "idle" } }
 * parseSeriesKey("closed_total{reason}"); // throws "Cannot read"
 */
export function parseSeriesKey(key: string): { name: string; labels: Labels } {
  const [, name, inner = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?$/s.exec(key) ?? [];
  const labels: Record<string, string> = {};
  const pattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/sy;
  while (pattern.lastIndex < inner.length && name !== undefined) {
    const match = pattern.exec(inner);
    if (match === null) break;
    labels[match[1]!] = match[2]!.replace(/\\(.)/gs, (_, letter: string) => (letter === "n" ? "\n" : letter));
    if (pattern.lastIndex === inner.length) return { name, labels };
  }
  if (name !== undefined && inner === "") return { name, labels };
  throw new TenkError("invalid-option", `Cannot read "${key}" as a series: expected name{label="value"}`);
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n") : value;
}
