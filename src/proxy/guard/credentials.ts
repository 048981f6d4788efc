import { FIELD_STRIDE, FieldName, type Head } from "../../wire/http1/mod.ts";

/** Longer than any user and password that are accepted. */
const MAX_BYTES = 4096;
const latin1 = new TextDecoder("latin1");
const utf8 = new TextDecoder("utf-8", { fatal: true });

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Returns the value of `Authorization`, a view of `bytes`; undefined without exactly one, or where it is too long. */
export function authorizationOf({ fields, count }: Head, bytes: Uint8Array): Uint8Array | undefined {
  let found = -1;
  for (let at = 0; at < count * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (fields[at + 4] !== FieldName.authorization) continue;
    if (found >= 0) return undefined;
    found = at;
  }
  if (found < 0) return undefined;
  const [from, to] = [fields[found + 2]!, fields[found + 3]!];
  return to - from <= MAX_BYTES ? bytes.subarray(from, to) : undefined;
}

/** Reads the credentials of basic authentication (RFC 7617), in UTF-8. @returns undefined for what are none */
export function readBasic(value: Uint8Array): Credentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]*={0,2})$/i.exec(latin1.decode(value))?.[1];
  if (encoded === undefined) return undefined;
  const text = decodeUtf8(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
