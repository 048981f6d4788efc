import type { Exchange } from "../../http/mod.ts";
import type { HeaderEdits, HstsPolicy } from "../../part/mod.ts";
import { fieldLine, type Head } from "../../wire/http1/mod.ts";
import { type FilledLines, preparedLines } from "../answers/mod.ts";

/** Fields that a service gives to each of its answers. */
export interface AnswerLines {
  /** Prepared. */
  readonly all: readonly Uint8Array[];
  /** Without those that describe content, since error pages have their own. */
  readonly ofErrors: readonly Uint8Array[];
  /** Filled in for each request: those of all answers, and those that describe content. */
  readonly filled: FilledLines | undefined;
  readonly filledOfContent: FilledLines | undefined;
}

const OF_CONTENT =
  /^(content-(type|encoding|language|location|disposition|range)|cache-control|expires|etag|last-modified|accept-ranges|location|vary)$/i;

export const HSTS_NAME = new TextEncoder().encode("strict-transport-security");

export function answerLines({ set, add }: HeaderEdits): AnswerLines {
  const fields = [...set, ...add];
  const { lines: ofErrors, filled } = preparedLines(fields.filter(([name]) => !OF_CONTENT.test(name)));
  const { lines, filled: filledOfContent } = preparedLines(fields.filter(([name]) => OF_CONTENT.test(name)));
  return { all: [...ofErrors, ...lines], ofErrors, filled, filledOfContent };
}

/** Has an exchange answer with these. `head` and `bytes` are borrowed. */
export function giveLines(exchange: Exchange, lines: AnswerLines, head: Head, bytes: Uint8Array): void {
  const { all, ofErrors, filled, filledOfContent } = lines;
  exchange.answerLines = all;
  exchange.errorLines = ofErrors;
  if (filled === undefined && filledOfContent === undefined) return;
  const request = { exchange, head, bytes };
  const more: Uint8Array[] = [];
  filled?.addTo(more, request);
  exchange.errorLines = [...ofErrors, ...more];
  filledOfContent?.addTo(more, request);
  exchange.answerLines = [...all, ...more];
}

/** Adds `Strict-Transport-Security` (RFC 6797 §6.1). */
export function withPolicy(lines: AnswerLines, { maxAgeMs, subdomains, preload }: HstsPolicy): AnswerLines {
  const value = [
    `max-age=${Math.floor(maxAgeMs / 1000)}`,
    ...(subdomains ? ["includeSubDomains"] : []),
    ...(preload ? ["preload"] : []),
  ].join("; ");
  const line = fieldLine("Strict-Transport-Security", value);
  return { ...lines, all: [line, ...lines.all], ofErrors: [line, ...lines.ofErrors] };
}
