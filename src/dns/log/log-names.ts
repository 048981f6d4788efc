import type { QueryRow } from "../../store/mod.ts";
import type { LogEntry } from "./entry.ts";

/** What the numbers in entries mean. */
export interface LogNames {
  /** Names of the lists of a mask, as they are configured. */
  lists(mask: number): readonly string[];
  /** A rule's text. It is untrusted. */
  rule(file: number, line: number): string | undefined;
  upstream(index: number): string | undefined;
}

export const NO_NAMES: LogNames = { lists: () => [], rule: () => undefined, upstream: () => undefined };

/** Returns an entry as it is stored: with names instead of numbers that a reload may give another meaning. */
export function rowOf(entry: LogEntry, names: LogNames): QueryRow {
  const { lists, rule, upstream, client, name, timeMs: _, ...same } = entry;
  const listed = names.lists(lists);
  return {
    ...same,
    name: name ?? null,
    client: client ?? null,
    upstream: (upstream === undefined ? undefined : names.upstream(upstream)) ?? null,
    lists: listed.length === 0 ? null : listed.join(LIST_SEPARATOR),
    rule: (rule && names.rule(rule.file, rule.line)) ?? null,
  };
}

/** Names of lists are words and URLs, which have no blank. */
export const LIST_SEPARATOR = " ";
