import type { ClientConnection } from "../../http/mod.ts";
import { FIELD_STRIDE, FieldName, type Head } from "../../wire/http1/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import type { HostRoutes } from "../routes/mod.ts";
import { Caller } from "./caller.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");
/** Addresses of a chain of proxies that are read and passed on: the last ones. */
const MAX_HOPS = 32;

/** Of the latest connection: most come from few addresses, and each would keep 200 bytes of its own. */
let latest: { readonly address: string; readonly scheme: string; readonly lines: Uint8Array } | undefined;

/** An authority and the routes that it leads to. */
export interface KnownHost<Route> {
  readonly bytes: Uint8Array;
  readonly routes: HostRoutes<Route> | undefined;
  /** The table that `routes` is of; another one is in force after a reload. */
  readonly table: unknown;
}

/** What the proxy keeps of a client connection, so that most requests find it made. */
export class Client<Route> {
  /** That of the last request: clients send the same again and again. */
  host: KnownHost<Route> | undefined;
  /** `X-Forwarded-For` and `X-Forwarded-Proto` of a client that is no trusted proxy. */
  readonly lines: Uint8Array;
  /** The peer's address without a zone; empty for a Unix socket. */
  readonly address: string;
  readonly #scheme: string;
  #caller: Caller | undefined;

  constructor(client: ClientConnection) {
    const address = client.connection.remoteAddress.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/, "");
    const scheme = client.isSecure ? "https" : "http";
    if (latest?.address !== address || latest.scheme !== scheme)
      latest = { address, scheme, lines: forwardedLines(address, scheme) };
    ({ address: this.address, scheme: this.#scheme, lines: this.lines } = latest);
  }

  /** The peer itself, as guards see it. */
  get caller(): Caller {
    this.#caller ??= new Caller(this.address);
    return this.#caller;
  }

  /**
   * Returns the same for a trusted proxy, which names its own client: it appends to the chain, and keeps the scheme.
   */
  trustedLines(head: Head, bytes: Uint8Array): Uint8Array {
    const chain = valuesOf(head, bytes, FieldName.xForwardedFor);
    const scheme = valuesOf(head, bytes, FieldName.xForwardedProto).at(-1);
    const addresses = [...chain, this.address].filter((each) => each !== "");
    return forwardedLines(addresses.join(", "), scheme === "http" || scheme === "https" ? scheme : this.#scheme);
  }

  /** Returns the same for one address, such as that of the person behind trusted proxies. */
  linesOf(address: string): Uint8Array {
    return address === this.address ? this.lines : forwardedLines(address, this.#scheme);
  }

  /**
   * Returns the address of the person behind trusted proxies: the chain is read from its end, up to the first that is not
   * trusted. What is no address ends it, since who wrote it cannot be known.
   */
  addressBehind(head: Head, bytes: Uint8Array, isTrusted: (address: string) => boolean): string {
    const chain = valuesOf(head, bytes, FieldName.xForwardedFor);
    let address = this.address;
    for (let at = chain.length - 1; at >= 0 && isTrusted(address); at--) {
      const parsed = parseIp(chain[at]!.replace(/%.*$/, ""));
      if (parsed === undefined) break;
      address = formatIp(parsed);
    }
    return address;
  }
}

function forwardedLines(addresses: string, scheme: string): Uint8Array {
  const line = addresses === "" ? "" : `X-Forwarded-For: ${addresses}\r\n`;
  return encoder.encode(`${line}X-Forwarded-Proto: ${scheme}\r\n`);
}

/** The members of all fields of a name, which is a list (RFC 9110 §5.6.1). */
function valuesOf(head: Head, bytes: Uint8Array, name: FieldName): string[] {
  const values: string[] = [];
  for (let line = 0; line < head.count; line++) {
    const place = line * FIELD_STRIDE;
    if (head.fields[place + 4] !== name) continue;
    const value = decoder.decode(bytes.subarray(head.fields[place + 2], head.fields[place + 3]));
    values.push(...value.split(",").map((each) => each.trim()));
  }
  return values.filter((each) => /^[!-~]+$/.test(each)).slice(-MAX_HOPS);
}
