import { FIELD_STRIDE, FieldName, type Head, latin1 } from "../../wire/http1/mod.ts";

/** Content codings by their names in `Content-Encoding` (RFC 9110 §8.4.1, RFC 8878, RFC 7932). */
export type Coding = "zstd" | "br" | "gzip";

const MAX_LENGTH = 1024;
/** Clients send the same again and again: the last one is kept. */
let lastValue = "";
let lastWeights: ReadonlyMap<string, number> = new Map();

/**
 * Returns the coding that a client wants most, by its weights (RFC 9110 §12.5.3), then by the order given; undefined where it is to
 * get the content as it is. No field means that it gets that: programs that do not speak of codings seldom decode any.
 *
 * @param value of `Accept-Encoding`; "" = no field
 * @example
 * chooseCoding("gzip, br;q=0.5, zstd", ["zstd", "gzip"]); // "zstd"
 * chooseCoding("gzip;q=0", ["zstd", "gzip"]); // undefined
 */
export function chooseCoding(value: string, available: readonly Coding[]): Coding | undefined {
  if (value === "" || available.length === 0) return undefined;
  const weights = weightsOf(value);
  const others = weights.get("*") ?? 0;
  let best: Coding | undefined;
  // What is sent as it is has weight 0 unless it is named: any coding is wanted more.
  let most = weights.get("identity") ?? 0;
  for (const coding of available) {
    const weight = weights.get(coding) ?? (coding === "gzip" ? weights.get("x-gzip") : undefined) ?? others;
    if (weight > most || (weight === most && weight > 0 && best === undefined)) {
      best = coding;
      most = weight;
    }
  }
  return best;
}

/** Returns the value of a request's `Accept-Encoding`, "" without one. Several are one list (RFC 9110 §5.2). */
export function acceptEncodingOf(head: Head, bytes: Uint8Array): string {
  let value = "";
  for (let place = 0; place < head.count * FIELD_STRIDE; place += FIELD_STRIDE) {
    if (head.fields[place + 4] !== FieldName.acceptEncoding) continue;
    const line = latin1(bytes, head.fields[place + 2]!, head.fields[place + 3]!);
    value = value === "" ? line : `${value},${line}`;
  }
  return value;
}

function weightsOf(value: string): ReadonlyMap<string, number> {
  if (value === lastValue) return lastWeights;
  const weights = new Map<string, number>();
  for (const member of value.slice(0, MAX_LENGTH).split(",")) {
    const [name = "", ...parameters] = member.split(";").map((each) => each.trim().toLowerCase());
    const weight = parameters.find((each) => each.startsWith("q="))?.slice(2);
    // A weight that is none is no wish.
    if (name !== "")
      weights.set(name, weight === undefined ? 1 : /^[01](\.\d{0,3})?$/.test(weight) ? Math.min(1, Number(weight)) : 0);
  }
  lastValue = value;
  lastWeights = weights;
  return weights;
}
