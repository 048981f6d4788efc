import { formatIp, parseIp } from "../../wire/mod.ts";

/** Names of clients by their address. */
export type LeaseNames = Map<string, string>;

/** Names are chosen by the clients: only those that could be a host's are taken. */
const HOST_NAME = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
const MAX_NAME = 253;
/** State of a lease of Kea that is in use. */
const KEA_ASSIGNED = "0";

/**
 * Reads the leases of a DHCP server: of dnsmasq (Pi-hole, OpenWrt), of ISC's dhcpd, or of Kea's memfile. What cannot be read is skipped;
 * of several leases of one address the last is in force.
 *
 * @param into gets the names of leases that are in force; at most `maxNames`
 */
export function readLeases(text: string, nowMs: number, into: LeaseNames, maxNames: number): void {
  if (/^address,/m.test(text)) readKea(text, nowMs, into, maxNames);
  else if (/^lease [0-9.]+ \{/m.test(text)) readDhcpd(text, nowMs, into, maxNames);
  else readDnsmasq(text, nowMs, into, maxNames);
}

/** `1796040000 3c:22:fb:00:00:01 192.168.1.7 lisas-phone 01:3c:22:fb:00:00:01`; the time 0 means forever, the name `*` none. */
function readDnsmasq(text: string, nowMs: number, into: LeaseNames, maxNames: number): void {
  for (const line of text.split("\n")) {
    const [expiry = "", , address = "", name = ""] = line.split(" ");
    if (!/^\d+$/.test(expiry) || (expiry !== "0" && Number(expiry) * 1000 < nowMs)) continue;
    add(into, address, name, maxNames);
  }
}

/** `lease 192.168.1.7 { ends 1 2026/11/30 12:00:00; binding state active; client-hostname "lisas-phone"; }`, over several lines. */
function readDhcpd(text: string, nowMs: number, into: LeaseNames, maxNames: number): void {
  for (const [, address = "", body = ""] of text.matchAll(/^lease ([0-9.]+) \{([^}]*)\}/gm)) {
    const [, ends] = /^\s*ends \d (\d+\/\d+\/\d+ \d+:\d+:\d+);/m.exec(body) ?? [];
    const endsMs =
      ends === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${ends.replaceAll("/", "-").replace(" ", "T")}Z`);
    const isActive = /^\s*binding state active;/m.test(body) && endsMs >= nowMs;
    const [, name = ""] = /^\s*client-hostname "([^"]*)";/m.exec(body) ?? [];
    if (isActive) add(into, address, name, maxNames);
    else into.delete(address);
  }
}

/** A journal with a head line: `address,hwaddr,client_id,valid_lifetime,expire,…,hostname,state,…`. */
function readKea(text: string, nowMs: number, into: LeaseNames, maxNames: number): void {
  let columns: readonly string[] = [];
  for (const line of text.split("\n")) {
    const fields = line.split(",");
    if (fields[0] === "address") columns = fields;
    const field = (name: string) => fields[columns.indexOf(name)] ?? "";
    const isActive = field("state") === KEA_ASSIGNED && Number(field("expire")) * 1000 >= nowMs;
    if (isActive) add(into, field("address"), field("hostname"), maxNames);
    else into.delete(field("address"));
  }
}

/** Returns a name that a client has chosen, if it could be a host's. */
export function hostName(given: string): string | undefined {
  const name = given.replace(/\.$/, "");
  return name.length <= MAX_NAME && HOST_NAME.test(name) ? name : undefined;
}

function add(into: LeaseNames, address: string, given: string, maxNames: number): void {
  const ip = parseIp(address);
  const name = hostName(given);
  if (ip === undefined || name === undefined) return;
  const key = formatIp(ip);
  if (into.size < maxNames || into.has(key)) into.set(key, name);
}
