import type { HeaderEdits, HstsPolicy } from "../../part/mod.ts";
import { fieldLine } from "../../wire/http1/mod.ts";

/** Prepared fields that a service gives to each of its answers. */
export interface AnswerLines {
  readonly all: readonly Uint8Array[];
  /** Without those that describe content, since error pages have their own. */
  readonly ofErrors: readonly Uint8Array[];
}

const OF_CONTENT =
  /^(content-(type|encoding|language|location|disposition|range)|cache-control|expires|etag|last-modified|accept-ranges|location|vary)$/i;

export const HSTS_NAME = new TextEncoder().encode("strict-transport-security");

export function answerLines({ set, add }: HeaderEdits): AnswerLines {
  const fields = [...set, ...add];
  const lines = (given: typeof fields) => given.map(([name, value]) => fieldLine(name, value));
  return { all: lines(fields), ofErrors: lines(fields.filter(([name]) => !OF_CONTENT.test(name))) };
}

/** Adds `Strict-Transport-Security` (RFC 6797 §6.1). */
export function withPolicy({ all, ofErrors }: AnswerLines, { maxAgeMs, subdomains, preload }: HstsPolicy): AnswerLines {
  const value = [
    `max-age=${Math.floor(maxAgeMs / 1000)}`,
    ...(subdomains ? ["includeSubDomains"] : []),
    ...(preload ? ["preload"] : []),
  ].join("; ");
  const line = fieldLine("Strict-Transport-Security", value);
  return { all: [line, ...all], ofErrors: [line, ...ofErrors] };
}
