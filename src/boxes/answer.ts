import type { Problem } from "../part/mod.ts";

/** What is taken over from `/api/status` of another box. Texts are from there: bounded, without control characters. */
export interface BoxAnswer {
  /** Its version of tenk. */
  readonly tenk: string;
  readonly host: BoxVitals;
  readonly services: readonly BoxService[];
  readonly problems: readonly Problem[];
  /** Keys of problems of which it knows nothing yet, as after a start. */
  readonly undecided: readonly string[];
}

/** Null where it does not tell. */
export interface BoxVitals {
  readonly busy: number | null;
  readonly load1: number | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly rootUsedPercent: number | null;
  readonly temperatureCelsius: number | null;
  readonly uptimeSeconds: number | null;
}

export interface BoxService {
  readonly service: string;
  readonly state: string;
  readonly reason: string | null;
  readonly latencyMs: number | null;
  readonly url: string | null;
}

const MAX_ITEMS = 1000;
const MAX_WORD = 100;
const MAX_TEXT = 500;

/**
 * Reads the JSON of another box, which may be of another version, or hostile: what is missing or of another type is null or left out.
 *
 * @returns undefined for what is no status of tenk
 */
export function readAnswer(value: unknown): BoxAnswer | undefined {
  const { tenk, host, parts, problems, undecided } = fieldsOf(value);
  if (typeof tenk !== "string") return undefined;
  const { probe } = fieldsOf(parts);
  return {
    tenk: word(tenk),
    host: vitalsOf(fieldsOf(host)),
    services: itemsOf(fieldsOf(probe).services).flatMap(serviceOf),
    problems: itemsOf(problems).flatMap(problemOf),
    undecided: listOf(undecided).flatMap((key) => (typeof key === "string" ? [word(key)] : [])),
  };
}

function vitalsOf(host: Fields): BoxVitals {
  return {
    busy: numberOf(host.busy),
    load1: numberOf(host.load1),
    memoryUsedBytes: numberOf(host.memoryUsedBytes),
    memoryTotalBytes: numberOf(host.memoryTotalBytes),
    rootUsedPercent: numberOf(host.rootUsedPercent),
    temperatureCelsius: numberOf(host.temperatureCelsius),
    uptimeSeconds: numberOf(host.uptimeSeconds),
  };
}

function serviceOf(item: Fields): BoxService[] {
  const { service, state, reason, latencyMs, url } = item;
  if (typeof service !== "string" || typeof state !== "string") return [];
  return [
    {
      service: word(service),
      state: word(state),
      reason: typeof reason === "string" ? told(reason) : null,
      latencyMs: numberOf(latencyMs),
      // A link of another scheme would be a script.
      url: typeof url === "string" && /^https?:\/\//.test(url) ? told(url) : null,
    },
  ];
}

function problemOf(item: Fields): Problem[] {
  const { key, severity, subject, state, reason, sinceMs, behind, isMuted } = item;
  const isWhole = [key, subject, state].every((each) => typeof each === "string" && each !== "");
  if (!isWhole || (severity !== "warning" && severity !== "critical")) return [];
  return [
    {
      key: word(String(key)),
      severity,
      subject: word(String(subject)),
      state: word(String(state)),
      reason: typeof reason === "string" ? told(reason) : "",
      sinceMs: numberOf(sinceMs) ?? 0,
      ...(typeof behind === "string" && { behind: word(behind) }),
      ...(isMuted === true && { isMuted }),
    },
  ];
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [];
}

function itemsOf(value: unknown): Fields[] {
  return listOf(value).map(fieldsOf);
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Control characters move a terminal's cursor, and characters of direction turn a text around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const word = (text: string) => text.slice(0, MAX_WORD).replace(UNSEEN, " ");
const told = (text: string) => text.slice(0, MAX_TEXT).replace(UNSEEN, " ");
