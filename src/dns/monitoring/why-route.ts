import { TenkError } from "../../base/mod.ts";
import type { JsonRoute } from "../../part/mod.ts";
import { nameProblem, nameText, parseName, parseType } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import type { DnsServer } from "../server/mod.ts";

const HERE = "127.0.0.1";
/** An IPv4 address within sixteen bytes. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/**
 * `GET /api/dns/why?name=&type=&client=`: how a name is answered, and why. `type` is A by default; `client` is an address or a client's
 * name, this machine by default.
 */
export function whyRoute(server: DnsServer): JsonRoute {
  return {
    async get(query) {
      const client = clientOf(query.get("client") ?? "", server);
      const bytes = parseIp(client.split("%")[0]!)!;
      const ip = bytes.length === 16 ? bytes : Uint8Array.from([...MAPPED, ...bytes]);
      const why = await server.why({ name: nameOf(query), type: typeOf(query), ip });
      return { ...why, client, isPaused: why.isPaused || server.houseClients.pauses.has(client) };
    },
  };
}

/** @throws {TenkError} `usage` */
function nameOf(query: URLSearchParams): string {
  const text = query.get("name") ?? "";
  const name = parseName(text);
  if (name !== undefined) return nameText(name).toLowerCase();
  throw new TenkError("usage", `cannot read name: it ${nameProblem(text)}`);
}

/** @throws {TenkError} `usage` */
function typeOf(query: URLSearchParams): number {
  const type = parseType((query.get("type") || "A").toUpperCase());
  if (type !== undefined) return type;
  throw new TenkError("usage", "cannot read type: expected a type such as A, AAAA, HTTPS or TYPE65");
}

/** @throws {TenkError} `usage` */
function clientOf(text: string, { clients }: DnsServer): string {
  if (text === "") return HERE;
  const ip = parseIp(text.split("%")[0]!);
  if (ip !== undefined) return formatIp(ip).replace(/^::ffff:(?=\d+\.)/, "");
  const [address] = clients.addressesOf(text);
  if (address !== undefined) return address;
  throw new TenkError("usage", "cannot read client: expected an address, or the name of a client");
}
