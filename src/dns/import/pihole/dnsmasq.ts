import { isIP } from "node:net";
import { type DnsDraft, show } from "../draft.ts";

/** `192.168.1.5 nas.lan nas  # comment`. Lines of the machine itself are left out. */
export function importHostsLine(where: string, line: string, draft: DnsDraft): void {
  const [address = "", ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
  if (address === "" || isOwnAddress(address)) return;
  if (names.length === 0) draft.lose(where, `not carried over: ${show(line)}: expected an address and a name`);
  for (const name of names) draft.host(where, name, address);
}

function isOwnAddress(address: string): boolean {
  return /^(127\.|::1$|f[ef][0-9a-f]{2}:)/i.test(address);
}

/** Carries over a line of dnsmasq's configuration. */
export function importDnsmasqLine(where: string, line: string, draft: DnsDraft): void {
  const text = line.replace(/(^|\s)#.*$/, "").trim();
  if (text === "") return;
  const equals = text.indexOf("=");
  const [name, value] = equals < 0 ? [text, ""] : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
  const known = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
  if (known === undefined || !known(where, value, draft)) draft.lose(where, `not carried over: ${show(text)}`);
}

type Option = (where: string, value: string, draft: DnsDraft) => boolean;

const OPTIONS: Readonly<Record<string, Option>> = {
  cname: importAliases,
  "host-record": importHostRecord,
  address: importAddress,
  server: importServer,
  local: importServer,
};

/** `alias[,alias…],target[,TTL]` */
function importAliases(where: string, value: string, draft: DnsDraft): boolean {
  const parts = value.split(",").map((part) => part.trim());
  const ttl = /^\d+$/.test(parts.at(-1) ?? "") ? parts.pop() : undefined;
  const target = parts.pop();
  if (target === undefined || parts.length === 0) return false;
  for (const alias of parts) draft.alias(where, alias, target, ttl);
  return true;
}

/** `name[,name…][,IPv4][,IPv6][,TTL]` */
function importHostRecord(where: string, value: string, draft: DnsDraft): boolean {
  const parts = value.split(",").map((part) => part.trim());
  const addresses = parts.filter((part) => isIP(part) !== 0);
  const names = parts.filter((part) => isIP(part) === 0 && !/^\d+$/.test(part) && part !== "");
  for (const name of names) for (const address of addresses) draft.host(where, name, address);
  return names.length > 0 && addresses.length > 0;
}

/** `/domain[/domain…]/address`: the domains and all below them; without an address they do not exist. */
function importAddress(where: string, value: string, draft: DnsDraft): boolean {
  const parts = value.split("/");
  const address = parts.pop() ?? "";
  const domains = parts.slice(1);
  if (parts[0] !== "" || domains.length === 0 || domains.includes("") || domains.includes("#")) return false;
  const isBlocking = address === "" || address === "#" || address === "0.0.0.0" || address === "::";
  if (!isBlocking && isIP(address) === 0) return false;
  for (const domain of domains) {
    if (isBlocking) draft.rule(where, `||${domain}^`);
    else for (const name of [domain, `*.${domain}`]) draft.host(where, name, address);
  }
  return true;
}

/** `address`, or `/domain[/domain…]/address`. */
function importServer(where: string, value: string, draft: DnsDraft): boolean {
  const parts = value.split("/");
  const address = withPort(parts.pop() ?? "");
  if (address === "" || address === "#") return false;
  if (parts.length === 0) draft.upstream(where, address);
  for (const domain of parts.slice(1)) draft.zone(where, domain, address);
  return true;
}

/** Returns dnsmasq's `address#port` as `address:port`. */
export function withPort(text: string): string {
  const [, host = text, port] = /^(.*)#(\d+)$/.exec(text) ?? [];
  if (port === undefined) return text;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
