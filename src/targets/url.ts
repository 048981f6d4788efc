import { TenkError } from "../base/mod.ts";
import { parseTargetAddress, type TargetAddress } from "./address.ts";

/** An HTTP target. */
export interface TargetUrl {
  readonly place: TargetAddress;
  /** Speak TLS to it. */
  readonly isSecure: boolean;
  /** Its authority, as a `Host` header has it: `10.0.0.2:8443`; `localhost` for a Unix socket. */
  readonly authority: string;
}

const HINT = { hint: 'write "http://127.0.0.1:3000", "https://nas.home.arpa" or "unix:/run/app.sock"' };

/**
 * Reads `http://host:port`, `https://host`, `unix:/path` or `unix:@name`. A path, a query or a user in it is refused: it would be
 * ignored.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseTargetUrl("https://nas.home.arpa"); // { place: { host: "nas.home.arpa", port: 443 }, isSecure: true, authority: "nas.home.arpa" }
 */
export function parseTargetUrl(text: string): TargetUrl {
  if (text.startsWith("unix:")) return { place: parseTargetAddress(text), isSecure: false, authority: "localhost" };
  const parts = /^(https?):\/\/([^/?#@\s]+)\/?$/i.exec(text);
  if (parts === null || !URL.canParse(text)) {
    throw new TenkError("invalid-option", `Cannot use ${JSON.stringify(text)}: it is no URL of an HTTP target`, HINT);
  }
  const { protocol, hostname, port, host } = new URL(text);
  const isSecure = protocol === "https:";
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? (isSecure ? 443 : 80) : Number(port) };
  return { place, isSecure, authority: host };
}
