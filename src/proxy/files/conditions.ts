import { equalsIgnoringCase, FIELD_STRIDE, FieldName, type Head, latin1 } from "../../wire/http1/mod.ts";

const encoder = new TextEncoder();
const IF_MATCH = encoder.encode("if-match");
const IF_UNMODIFIED_SINCE = encoder.encode("if-unmodified-since");

/** What a request says of the representation it wants; "" = nothing (RFC 9110 §13, §14). */
export interface Conditions {
  ifMatch: string;
  ifUnmodifiedSince: string;
  ifNoneMatch: string;
  ifModifiedSince: string;
  range: string;
  ifRange: string;
  acceptEncoding: string;
  /** Whether any but `acceptEncoding` is set. */
  isConditional: boolean;
}

/** The validators of a representation. */
export interface Validators {
  /** Strong, or weak with `W/`. */
  readonly etag: string;
  /** `Last-Modified` in seconds since 1970. */
  readonly modifiedSeconds: number;
}

export type Verdict = "proceed" | "not-modified" | "precondition-failed";

/** Reads the fields that `Conditions` has. A field that must be there once and is there twice counts as its last. */
export function readConditions(head: Head, bytes: Uint8Array): Conditions {
  const { fields, count } = head;
  const found: Conditions = {
    ifMatch: "",
    ifUnmodifiedSince: "",
    ifNoneMatch: "",
    ifModifiedSince: "",
    range: "",
    ifRange: "",
    acceptEncoding: "",
    isConditional: false,
  };
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    const key = keyOf(fields[place + 4]!, bytes, fields[place]!, fields[place + 1]!);
    if (key === undefined) continue;
    const value = latin1(bytes, fields[place + 2]!, fields[place + 3]!);
    // Lists may be in several lines (RFC 9110 §5.2).
    const isList = key === "ifMatch" || key === "ifNoneMatch" || key === "acceptEncoding";
    found[key] = isList && found[key] !== "" ? `${found[key]},${value}` : value;
    if (key !== "acceptEncoding") found.isConditional = true;
  }
  return found;
}

function keyOf(
  name: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): Exclude<keyof Conditions, "isConditional"> | undefined {
  switch (name) {
    case FieldName.acceptEncoding:
      return "acceptEncoding";
    case FieldName.ifNoneMatch:
      return "ifNoneMatch";
    case FieldName.ifModifiedSince:
      return "ifModifiedSince";
    case FieldName.range:
      return "range";
    case FieldName.ifRange:
      return "ifRange";
    case FieldName.unknown:
      if (equalsIgnoringCase(bytes, from, to, IF_MATCH)) return "ifMatch";
      return equalsIgnoringCase(bytes, from, to, IF_UNMODIFIED_SINCE) ? "ifUnmodifiedSince" : undefined;
    default:
      return undefined;
  }
}

/** Evaluates the preconditions of a GET or HEAD, in the order of RFC 9110 §13.2.2. */
export function evaluate(given: Conditions, { etag, modifiedSeconds }: Validators): Verdict {
  if (given.ifMatch !== "") {
    if (!matches(given.ifMatch, etag, true)) return "precondition-failed";
  } else if (given.ifUnmodifiedSince !== "") {
    const since = secondsOf(given.ifUnmodifiedSince);
    if (since !== undefined && modifiedSeconds > since) return "precondition-failed";
  }
  if (given.ifNoneMatch !== "") return matches(given.ifNoneMatch, etag, false) ? "not-modified" : "proceed";
  const since = given.ifModifiedSince === "" ? undefined : secondsOf(given.ifModifiedSince);
  return since !== undefined && modifiedSeconds <= since ? "not-modified" : "proceed";
}

/**
 * Whether a `Range` counts: without `If-Range`, or where that has exactly this representation's validator (RFC 9110 §13.1.5).
 *
 * @param nowSeconds a file that changed a second ago may have changed twice since: its date is then no strong validator
 */
export function rangeApplies({ ifRange }: Conditions, validators: Validators, nowSeconds: number): boolean {
  if (ifRange === "") return true;
  if (/^(W\/)?"/.test(ifRange)) return matches(ifRange, validators.etag, true) && !ifRange.includes(",");
  return secondsOf(ifRange) === validators.modifiedSeconds && nowSeconds - validators.modifiedSeconds > 1;
}

/** Compares a list of entity tags, or `*`, with one (RFC 9110 §8.8.3.2). Where it must be strong no weak tag matches. */
function matches(list: string, etag: string, isStrong: boolean): boolean {
  if (list.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "");
  if (isStrong && opaque !== etag) return false;
  for (const [tag] of list.matchAll(/(?:W\/)?"[^"]*"/g)) {
    if (isStrong ? tag === etag : tag.replace(/^W\//, "") === opaque) return true;
  }
  return false;
}

/** Returns the seconds of an HTTP date; undefined for what is none, which is ignored (RFC 9110 §13.1.3). */
function secondsOf(date: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? [\w :-]{12,24}( GMT)?$/.test(date)) return undefined;
  const ms = Date.parse(date.endsWith("GMT") ? date : `${date} GMT`);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
