import { isIP } from "node:net";
import { TenkError } from "../../base/mod.ts";
import {
  httpConnectDialogue,
  socks5Dialogue,
  type TunnelCredentials,
  type TunnelDialogue,
  type TunnelTarget,
} from "../../wire/mod.ts";
import { addressRanges } from "../trusted.ts";

/** A proxy as `ConnectOptions.proxy` names it. */
export interface TunnelProxy {
  readonly host: string;
  readonly port: number;
  /** For people: never with name or password. */
  readonly text: string;
  dialogue(target: TunnelTarget): TunnelDialogue;
}

const KINDS = {
  "socks5:": { port: 1080, dialogue: socks5Dialogue },
  // curl's word for "the proxy resolves the name", which we always leave to it.
  "socks5h:": { port: 1080, dialogue: socks5Dialogue },
  "http:": { port: 80, dialogue: httpConnectDialogue },
} as const;

/**
 * What is wrong with it is said without showing any of it: it may hold a password.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseProxy("socks5://me:secret@[::1]").text; // "socks5://[::1]:1080"
 */
export function parseProxy(given: string): TunnelProxy {
  const url = URL.parse(given);
  const kind = KINDS[url?.protocol as keyof typeof KINDS];
  if (url === null || kind === undefined || url.hostname === "" || /[^/]/.test(url.pathname + url.search + url.hash)) {
    throw new TenkError("invalid-option", "Cannot use proxy as it must be socks5://host:port or http://host:port", {
      hint: "name and password go before the host, percent-encoded: socks5://name:password@host:port",
    });
  }
  const port = url.port === "" ? kind.port : Number(url.port);
  const credentials = credentialsOf(url);
  const proxy: TunnelProxy = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    text: `${url.protocol}//${url.hostname}:${port}`,
    dialogue: (target) => kind.dialogue(target, credentials),
  };
  // Credentials that cannot be sent are refused now, not at each connect.
  proxy.dialogue({ host: "192.0.2.1", port: 1 });
  return proxy;
}

function credentialsOf({ username, password }: URL): TunnelCredentials | undefined {
  if (username === "" && password === "") return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new TenkError("invalid-option", "Cannot use proxy as its name or password is not percent-encoded UTF-8");
  }
}

/**
 * Whether a target is reached without the proxy. Names are compared in any case, with all that is below them.
 *
 * @throws {TenkError} `invalid-option` for a range that is none
 * @example
 * needsNoProxy("db.home.arpa", ["home.arpa"]); // true
 * needsNoProxy("10.1.2.3", ["10.0.0.0/8"]); // true
 * needsNoProxy("home.arpa.example", ["home.arpa"]); // false
 */
export function needsNoProxy(host: string, list: readonly string[]): boolean {
  const entries = list.map((entry) => entry.replace(/^\[|\]$/g, ""));
  const isRange = (entry: string) => entry.includes("/") || isIP(entry) > 0;
  const isInRange = addressRanges(entries.filter(isRange));
  if (entries.includes("*")) return true;
  if (isIP(host) > 0) return isInRange(host);
  return entries.some((entry) => !isRange(entry) && coversName(entry, host));
}

function coversName(entry: string, host: string): boolean {
  const suffix = entry.replace(/^\*?\./, "").toLowerCase();
  const name = host.replace(/\.$/, "").toLowerCase();
  return suffix !== "" && (name === suffix || name.endsWith(`.${suffix}`));
}
