import { FIELD_STRIDE, type Head } from "../../wire/http1/mod.ts";

const decoder = new TextDecoder("latin1");

/** A request's head as text. */
export interface RequestHead {
  readonly method: string;
  /** Absolute, with the host that the client named, or `localhost` where it named none or what is none. */
  readonly url: string;
  readonly headers: Headers;
}

/** Decodes a head. */
export function requestHead(head: Head, bytes: Uint8Array): RequestHead {
  const text = (from: number, to: number) => decoder.decode(bytes.subarray(from, to));
  const headers = new Headers();
  for (let line = 0; line < head.count; line++) {
    const [nameStart, nameEnd, valueStart, valueEnd] = head.fields.subarray(line * FIELD_STRIDE);
    const name = text(nameStart!, nameEnd!).toLowerCase();
    const value = text(valueStart!, valueEnd!);
    // Several lines are joined by a comma, cookies by a semicolon (RFC 6265 §5.4).
    const cookies = name === "cookie" ? headers.get(name) : null;
    if (cookies === null) headers.append(name, value);
    else headers.set(name, `${cookies}; ${value}`);
  }
  const target = text(head.targetStart, head.targetEnd);
  const host = head.hostStart < 0 ? "" : text(head.hostStart, head.hostEnd);
  return { method: text(head.methodStart, head.methodEnd), url: urlOf(host, target), headers };
}

function urlOf(host: string, target: string): string {
  const url = `http://${host}${target}`;
  return /^[^/?#@\\]+$/.test(host) && URL.canParse(url) ? url : `http://localhost${target}`;
}
