import { type DnsDraft, show } from "../draft.ts";
import { reverseZones } from "../reverse-zones.ts";
import { type Settings, tableOf, textOf, textsOf } from "../values.ts";
import { importDnsmasqLine, importHostsLine, withPort } from "./dnsmasq.ts";

const MODES: Readonly<Record<string, string>> = { NULL: "null-address", NXDOMAIN: "nxdomain", NODATA: "no-data" };

/** Carries over `pihole.toml` of Pi-hole 6. */
export function importToml(toml: Settings, draft: DnsDraft): void {
  const dns = tableOf(toml.dns);
  const file = (key: string) => `pihole.toml dns.${key}`;
  for (const text of textsOf(dns.upstreams)) importUpstream(file("upstreams"), text, draft);
  for (const line of textsOf(dns.hosts)) importHostsLine(file("hosts"), line, draft);
  for (const line of textsOf(dns.cnameRecords)) importDnsmasqLine(file("cnameRecords"), `cname=${line}`, draft);
  for (const line of textsOf(dns.revServers)) importReverseServer(file("revServers"), line.split(","), draft);
  if (textOf(dns.hostRecord) !== "")
    importDnsmasqLine(file("hostRecord"), `host-record=${textOf(dns.hostRecord)}`, draft);
  for (const line of textsOf(tableOf(toml.misc).dnsmasq_lines))
    importDnsmasqLine("pihole.toml misc.dnsmasq_lines", line, draft);
  const blocking = tableOf(dns.blocking);
  importBlocking(file("blocking"), textOf(blocking.mode), dns.blockTTL, blocking.active !== false, draft);
  importPort(file("port"), Number(dns.port ?? 53), draft);
  if (dns.dnssec === true) loseDnssec(file("dnssec"), draft);
  const domain = textOf(tableOf(dns.domain).name) || textOf(dns.domain);
  if (domain !== "")
    draft.lose(
      file("domain"),
      `${show(domain)}: write domain: ${domain} beside dns: if services are to be named below it`,
    );
  if (tableOf(toml.dhcp).active === true) loseDhcp("pihole.toml dhcp.active", draft);
}

/** Carries over `setupVars.conf` and `pihole-FTL.conf` of Pi-hole 5: lines `NAME=value`. */
export function importVariables(texts: readonly string[], draft: DnsDraft): void {
  const lines = texts.flatMap((text) => text.split(/\r?\n/)).map((line) => /^\s*(\w+)=["']?(.*?)["']?\s*$/.exec(line));
  const values = new Map(lines.flatMap((match) => (match === null ? [] : [[match[1]!, match[2]!]])));
  const file = (name: string) => `setupVars.conf ${name}`;
  for (const [name, value] of values) if (/^PIHOLE_DNS_\d+$/.test(name)) importUpstream(file(name), value, draft);
  const of = (name: string) => values.get(name) ?? "";
  const reverse = ["", "_CIDR", "_TARGET", "_DOMAIN"].map((suffix) => of(`REV_SERVER${suffix}`));
  if (reverse[0] === "true") importReverseServer(file("REV_SERVER"), reverse, draft);
  const isActive = of("BLOCKING_ENABLED") !== "false";
  importBlocking("pihole-FTL.conf BLOCKINGMODE", of("BLOCKINGMODE") || "NULL", of("BLOCK_TTL") || 2, isActive, draft);
  if (of("DNSSEC") === "true") loseDnssec(file("DNSSEC"), draft);
  if (of("DHCP_ACTIVE") === "true") loseDhcp(file("DHCP_ACTIVE"), draft);
}

function loseDnssec(where: string, draft: DnsDraft): void {
  draft.lose(where, "not carried over: tenk does not validate; use upstreams that do, by tls://");
}

function loseDhcp(where: string, draft: DnsDraft): void {
  draft.lose(where, "not carried over: tenk has no DHCP server; let the router do it, with this machine as DNS server");
}

/** `9.9.9.9`, `127.0.0.1#5335`, `2620:fe::fe#53`. */
function importUpstream(where: string, text: string, draft: DnsDraft): void {
  draft.upstream(where, withPort(text.trim()));
}

/** `true,192.168.0.0/24,192.168.0.1,lan`: reverse lookups of the network, and the domain if there is one. */
function importReverseServer(
  where: string,
  [active = "", network = "", server = "", domain = ""]: readonly string[],
  draft: DnsDraft,
): void {
  if (active.trim() !== "true") {
    draft.lose(where, `${show(network)} is switched off: left out`);
    return;
  }
  const zones = reverseZones(network.trim());
  const address = withPort(server.trim());
  if (zones === undefined)
    draft.lose(
      where,
      `not carried over: reverse lookups of ${show(network)}: expected a network such as 192.168.0.0/24`,
    );
  for (const zone of zones ?? []) draft.zone(where, zone, address);
  if (domain.trim() !== "") draft.zone(where, domain.trim(), address);
}

function importBlocking(where: string, mode: string, ttl: unknown, isActive: boolean, draft: DnsDraft): void {
  const known = Object.hasOwn(MODES, mode.toUpperCase()) ? MODES[mode.toUpperCase()] : undefined;
  if (known !== undefined && known !== "null-address") draft.blocking.mode = known;
  else if (known === undefined && mode !== "")
    draft.lose(where, `${show(mode)} is not carried over: blocked names get the address 0.0.0.0`);
  const seconds = Number(ttl ?? Number.NaN);
  // Pi-hole's own default, two seconds, is no wish of the user.
  if (Number.isSafeInteger(seconds) && seconds >= 0 && seconds !== 2) draft.blocking.ttl = `${seconds}s`;
  if (!isActive)
    draft.lose(where, "blocking is switched off there, and is on here: write blocking: { enabled: false }");
}

function importPort(where: string, port: number, draft: DnsDraft): void {
  if (port !== 53) draft.lose(where, `not carried over: ${port}: write listen: ${port} if clients ask there`);
}
