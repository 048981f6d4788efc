import { TenkError } from "../../base/mod.ts";

/** Where an HTTP target listens. */
export interface HttpAddress {
  /** HTTPS. */
  readonly isSecure: boolean;
  /** A name or an address; empty for a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** Of a Unix socket; `\0name` in the abstract space. */
  readonly path: string | undefined;
  /** The value of `Host` for it (RFC 9110 §7.2): without a port that is the scheme's own. */
  readonly authority: string;
  /** As people write it. */
  readonly text: string;
}

const HINT = 'write "http://127.0.0.1:3000", "https://nas.home.arpa" or "unix:/run/app.sock"';

/**
 * Reads `http://host[:80]`, `https://host[:443]`, `unix:/path` or `unix:@name` (the abstract space). A path behind the host,
 * credentials, a query or a fragment are refused: which of them would reach the target, and in which requests, is not clear.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseHttpAddress("http://[::1]:3000"); // { isSecure: false, host: "::1", port: 3000, authority: "[::1]:3000", … }
 */
export function parseHttpAddress(text: string): HttpAddress {
  const path = /^unix:(?!\/\/)(.+)$/.exec(text)?.[1];
  if (path !== undefined) {
    return { isSecure: false, host: "", port: 0, path: path.replace(/^@/, "\0"), authority: "localhost", text };
  }
  // Other than URL.parse, this keeps what is written: no host in another script, no backslash, no number as an address.
  const parts = /^(https?):\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[\w.-]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  if (parts === null) throw refused(text, whyNot(text));
  const [, scheme = "", host = "", given] = parts;
  const isSecure = scheme.toLowerCase() === "https";
  const usual = isSecure ? 443 : 80;
  const port = given === undefined ? usual : Number(given);
  if (port < 1 || port > 65_535) throw refused(text, `the port must be 1 to 65535: it is ${given}`);
  return {
    isSecure,
    host: host.replace(/^\[|\]$/g, ""),
    port,
    path: undefined,
    // A zone is of no use to anybody else (RFC 6874 §1).
    authority: host.replace(/%[^\]]*/, "") + (port === usual ? "" : `:${port}`),
    text,
  };
}

/** Returns whether a URL names a target that is known to speak HTTP/2 without TLS (RFC 9113 §3.3): `h2c://10.0.0.2:50051`. */
export function isH2c(url: string): boolean {
  return /^h2c:/i.test(url);
}

/** Returns the URL that `parseHttpAddress` reads: that of a target with `h2c:` as `http:`, others as they are. */
export function withoutH2c(url: string): string {
  return url.replace(/^h2c:/i, "http:");
}

function whyNot(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.host === "") return "it is no URL with a host";
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return `${url.protocol} is not spoken, http: and https: are`;
  if (url.username !== "" || url.password !== "") return "it must not hold credentials";
  if (url.search !== "" || url.hash !== "") return "it must not hold a query or a fragment";
  if (url.pathname !== "/") return `it must end behind the host: there is a path, ${url.pathname}`;
  return "its host must be a name of letters, digits, dots and hyphens, or an address";
}

function refused(text: string, why: string): TenkError {
  const shown = JSON.stringify(text.replace(/\/\/[^/@]*@/, "//…@"));
  return new TenkError("invalid-option", `Cannot use ${shown} as an HTTP target: ${why}`, { hint: HINT });
}
