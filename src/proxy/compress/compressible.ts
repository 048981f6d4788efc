import { equalsIgnoringCase, FIELD_STRIDE, FieldName, fieldLine, type Head, latin1 } from "../../wire/http1/mod.ts";

/** Below this an answer fits a packet anyway, and grows where it is not text. */
export const MIN_COMPRESSED_BYTES = 512;

/** Types whose content shrinks; parameters are not looked at. Images, films, archives and most fonts are compressed already. */
const TYPES =
  /^(text\/|[\w.-]+\/[\w.-]+\+(json|xml|text|yaml)\b|application\/(json|javascript|x-javascript|ecmascript|xml|xhtml|wasm|manifest|x-ndjson|ndjson|jsonl?|yaml|x-yaml|toml|graphql|rtf|sql|x-sh|vnd\.ms-fontobject|vnd\.apple\.mpegurl|x-mpegurl)\b|font\/(ttf|otf|collection)\b|image\/(bmp|x-icon|vnd\.microsoft\.icon)\b)/i;

const NO_TRANSFORM = /(^|[,\s])no-transform($|[,\s])/i;

/** Fields that a changed content would make wrong. */
const OF_THIS_CONTENT = ["content-digest", "repr-digest", "digest", "content-md5"].map((name) => Buffer.from(name));
const VARY = Buffer.from("vary");
export const VARY_LINE = fieldLine("Vary", "Accept-Encoding");

export function isCompressibleType(type: string): boolean {
  return TYPES.test(type);
}

/** What a target's answer says about whether it may be compressed. */
export interface Eligibility {
  /** It may. Caches must know of it, also where this client gets it as it is. */
  readonly isEligible: boolean;
  /** It says already that it depends on `Accept-Encoding`. */
  readonly varies: boolean;
  /** "" without one. */
  readonly etag: string;
}

const NOT_ELIGIBLE: Eligibility = { isEligible: false, varies: false, etag: "" };

/**
 * Whether a target's answer may be compressed: it has content that shrinks, is whole, is not compressed yet, and nobody forbids it
 * (RFC 9111 §5.2.2.6).
 */
export function eligibilityOf(head: Head, bytes: Uint8Array): Eligibility {
  const { status, contentLength, fields, count } = head;
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return NOT_ELIGIBLE;
  if (contentLength >= 0 && contentLength < MIN_COMPRESSED_BYTES) return NOT_ELIGIBLE;
  let isType = false;
  let varies = false;
  let etag = "";
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    const [nameStart, nameEnd] = [fields[place]!, fields[place + 1]!];
    const value = () => latin1(bytes, fields[place + 2]!, fields[place + 3]!);
    switch (fields[place + 4]) {
      case FieldName.contentEncoding:
      case FieldName.contentRange:
      case FieldName.trailer:
        return NOT_ELIGIBLE;
      case FieldName.cacheControl:
        if (NO_TRANSFORM.test(value())) return NOT_ELIGIBLE;
        break;
      case FieldName.contentType:
        isType = isCompressibleType(value());
        break;
      case FieldName.etag:
        etag = value();
        break;
      case FieldName.unknown:
        if (OF_THIS_CONTENT.some((name) => equalsIgnoringCase(bytes, nameStart, nameEnd, name))) return NOT_ELIGIBLE;
        if (equalsIgnoringCase(bytes, nameStart, nameEnd, VARY))
          varies ||= /(^|[,\s])(accept-encoding|\*)($|[,\s])/i.test(value());
        break;
    }
  }
  return isType ? { isEligible: true, varies, etag } : NOT_ELIGIBLE;
}

/** Returns a tag for content that stands for the same but has other bytes (RFC 9110 §8.8.1). */
export function weakTag(etag: string): string {
  return etag.startsWith("W/") ? etag : `W/${etag}`;
}
