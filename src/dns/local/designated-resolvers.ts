import { parseName, parseRdata, RecordType } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import type { Network } from "./networks.ts";

/** What clients ask a resolver whose address is all that they know (RFC 9462 §4). */
export const DISCOVERY_NAME = parseName("_dns.resolver.arpa")!;

/** Encrypted DNS that this machine offers. */
export interface DesignatedResolver {
  /** Of its certificate: `box.home.arpa`. */
  readonly name: string;
  /** `["dot"]`, or those of DNS over HTTPS. */
  readonly alpn: readonly string[];
  /** Where it listens: `::` is all addresses, `0.0.0.0` those of IPv4. */
  readonly host: string;
  readonly port: number;
  /** Of DNS over HTTPS (RFC 9461 §5): `/dns-query{?dns}`. @default {none} */
  readonly dohPath?: string;
}

/**
 * Returns the data of SVCB records for clients on one network, the preferred resolver first. One that does not listen on this machine's
 * addresses there is left out.
 */
export function designations(resolvers: readonly DesignatedResolver[], network: Network): Uint8Array[] {
  return resolvers.flatMap(({ name, alpn, host, port, dohPath }, index) => {
    const [ipv4, ipv6] = [network.ipv4, network.ipv6].map((all) => all.filter((each) => listensOn(host, each)));
    if (ipv4!.length + ipv6!.length === 0) return [];
    const words = [
      `${index + 1} ${name}.`,
      `alpn="${alpn.join(",")}"`,
      `port=${port}`,
      ...(ipv4!.length > 0 ? [`ipv4hint=${ipv4!.map((each) => formatIp(each))}`] : []),
      ...(ipv6!.length > 0 ? [`ipv6hint=${ipv6!.map((each) => formatIp(each))}`] : []),
      ...(dohPath === undefined ? [] : [`dohpath="${dohPath}"`]),
    ];
    return [parseRdata(RecordType.svcb, words.join(" "))];
  });
}

function listensOn(host: string, address: Uint8Array): boolean {
  if (host === "::") return true;
  if (host === "0.0.0.0") return address.length === 4;
  const own = parseIp(host.split("%")[0]!);
  return own !== undefined && formatIp(own) === formatIp(address);
}
