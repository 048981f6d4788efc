import { FieldName, fieldNameOf } from "../http1/mod.ts";

/** Ids of pseudo-fields, below those of `FieldName`. Responses have `:status`, requests the others. */
export const Pseudo = {
  method: -1,
  path: -2,
  scheme: -3,
  authority: -4,
  status: -5,
  /** Of extended CONNECT (RFC 8441). */
  protocol: -6,
  other: -7,
} as const;

/** Id of a field whose name or value HTTP/2 forbids. */
export const MALFORMED = -8;

const COLON = 0x3a;
const PSEUDO_NAMES = Object.entries(Pseudo).map(([key, id]) => ({ bytes: new TextEncoder().encode(`:${key}`), id }));

/** Returns the id of a valid name in lower case: of `FieldName`, or of `Pseudo`. */
export function fieldId(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] === COLON) return pseudoId(bytes, from, to);
  const known = fieldNameOf(bytes, from, to);
  return known < 0 ? FieldName.unknown : known;
}

function pseudoId(bytes: Uint8Array, from: number, to: number): number {
  for (const { bytes: name, id } of PSEUDO_NAMES) {
    if (id !== Pseudo.other && name.length === to - from && name.every((byte, index) => byte === bytes[from + index]))
      return id;
  }
  return Pseudo.other;
}
