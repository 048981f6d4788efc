/** A second reader of chunked bodies, on strings and patterns: an oracle for the one on bytes. */
import type { Plain } from "../plain.ts";
import { plainFields } from "./plain-head.ts";

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const SIZE_LINE = new RegExp(`^([0-9a-fA-F]{1,12})((?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*)$`);
const words = (text: string) => new Set(text.split(/\s+/));
/** Trailers that end a response's body as refused. */
export const RESPONSE_FORBIDDEN: ReadonlySet<string> = words(
  `connection content-length transfer-encoding te trailer upgrade expect keep-alive proxy-connection proxy-authenticate
  proxy-authorization alt-svc http2-settings host`,
);
const REQUEST_FORBIDDEN: ReadonlySet<string> = RESPONSE_FORBIDDEN.union(
  words(
    `xForwardedOther x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-server
    x-real-ip forwarded proxy ambiguous authorization cookie`,
  ),
);

export function plainChunked(body: string, forbidden = REQUEST_FORBIDDEN): Plain {
  let payload = "";
  let extensionBytes = 0;
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf("\r\n", at);
    if (lineEnd < 0) return "incomplete";
    const [, digits, extensions] = SIZE_LINE.exec(body.slice(at, lineEnd)) ?? [];
    if (digits === undefined) return "refused";
    extensionBytes += extensions!.length;
    if (extensionBytes > 16_384) return "refused";
    const size = Number.parseInt(digits, 16);
    at = lineEnd + 2;
    if (size === 0) break;
    const data = body.slice(at, at + size);
    const end = body.slice(at + size, at + size + 2);
    if (end.length < 2) return end === "" || end === "\r" ? "incomplete" : "refused";
    if (end !== "\r\n") return "refused";
    payload += data;
    at += size + 2;
  }
  if (body.startsWith("\r\n", at)) return { value: { payload, trailers: [] }, length: at + 2 };
  return plainTrailers(body, at, payload, forbidden);
}

function plainTrailers(body: string, at: number, payload: string, forbidden: ReadonlySet<string>): Plain {
  const end = body.slice(at, at + 8192).indexOf("\r\n\r\n");
  if (end < 0) return body.length - at >= 8192 ? "refused" : "incomplete";
  const fields = plainFields(body.slice(at, at + end).split("\r\n"), 64);
  if (fields === undefined || fields.some(([, , known]) => forbidden.has(known))) return "refused";
  return { value: { payload, trailers: fields }, length: at + end + 4 };
}
