import { writeFileSync } from "node:fs";
import { buildGo, product, settingsFile, tenkCommand, tenkVersion } from "./build.ts";
import type { DnsNames } from "./dns-names.ts";
import { isInstalled, versionOf } from "./process.ts";
import type { Measured } from "./rounds.ts";

/** What a server is started with. */
export interface DnsPlace {
  readonly port: number;
  /** Of the upstream. */
  readonly authorityPort: number;
  readonly lists: DnsNames;
  /** Its list of blocked names, which may be changed while it runs. */
  readonly hostsFile: string;
}

/** A DNS server of the benchmark. */
export interface DnsPeer extends Measured {
  command(place: DnsPlace): string[];
  /** Has it read its lists again once they were changed; undefined where it looks by itself. @default {SIGHUP} */
  readonly rereads?: "by itself";
}

const CACHE_NAMES = 10_000;

export const DNS_PEERS: readonly DnsPeer[] = [
  { name: "tenk", prepare: () => undefined, version: tenkVersion, command: tenk },
  debian("dnsmasq", (place) => ["dnsmasq", "--keep-in-foreground", `--conf-file=${dnsmasq(place)}`], "--version"),
  debian("unbound", (place) => ["unbound", "-d", "-c", unbound(place)], "-V"),
  {
    name: "coredns",
    prepare: () => buildGo("coredns", "coredns-peer"),
    version: () => versionOf(product("coredns-peer"), "-version"),
    command: (place) => [product("coredns-peer"), "-conf", coredns(place)],
    rereads: "by itself",
  },
];

function debian(name: string, command: DnsPeer["command"], versionWord: string): DnsPeer {
  return {
    name,
    prepare: () => (isInstalled(name) ? undefined : `${name} is not installed (apt-get install ${name})`),
    version: () => versionOf(name, versionWord),
    command,
  };
}

/** As it ships: query log, limits, counters and dashboard are on. */
function tenk({ port, authorityPort, lists, hostsFile }: DnsPlace): string[] {
  const config = {
    domain: "home.arpa",
    dns: {
      listen: `127.0.0.1:${port}`,
      tls: "off",
      mdns: false,
      upstreams: [`127.0.0.1:${authorityPort}`],
      blocklists: [`./${hostsFile.split("/").at(-1)}`],
      hosts: Object.fromEntries([...lists.local].map(([name, address]) => [name.replace(".home.arpa", ""), address])),
    },
    dashboard: { listen: "127.0.0.1:0" },
    log: { level: "error" },
    data: { folder: product(`settings/${port}-data`) },
  };
  return [...tenkCommand(), "up", "--config", settingsFile(port, "dns.yaml", JSON.stringify(config))];
}

function dnsmasq({ port, authorityPort, lists, hostsFile }: DnsPlace): string {
  const local = settingsFile(port, "local.hosts", hostLines(lists));
  const lines = [
    ...["no-resolv", "no-hosts", "bind-interfaces", "listen-address=127.0.0.1", `port=${port}`],
    ...["user=root", "pid-file=", `cache-size=${CACHE_NAMES}`, `server=127.0.0.1#${authorityPort}`],
    ...[`addn-hosts=${hostsFile}`, `addn-hosts=${local}`, "dns-forward-max=5000"],
  ];
  return settingsFile(port, "dnsmasq.conf", lines.join("\n"));
}

function unbound({ port, authorityPort, lists, hostsFile }: DnsPlace): string {
  const blocked = settingsFile(port, "unbound-blocked.conf", "");
  writeBlocked(blocked, lists.names);
  const lines = [
    ...["server:", `interface: 127.0.0.1@${port}`, "do-daemonize: no", 'username: ""', 'chroot: ""', 'pidfile: ""'],
    ...["use-syslog: no", "logfile: /dev/null", "num-threads: 1", "do-not-query-localhost: no", "do-ip6: no"],
    ...['module-config: "iterator"', "msg-cache-size: 8m", "rrset-cache-size: 16m", "so-rcvbuf: 4m"],
    ...["num-queries-per-thread: 4096", "outgoing-range: 8192"],
    'local-zone: "home.arpa." static',
    ...[...lists.local].map(([name, address]) => `local-data: "${name}. A ${address}"`),
    `include: "${blocked}"`,
    ...["forward-zone:", 'name: "."', `forward-addr: 127.0.0.1@${authorityPort}`],
    ...["remote-control:", "control-enable: no"],
  ];
  unboundLists.set(hostsFile, blocked);
  return settingsFile(port, "unbound.conf", lines.join("\n"));
}

/** Unbound's own form of each hosts file. */
const unboundLists = new Map<string, string>();

function writeBlocked(file: string, names: readonly string[]): void {
  writeFileSync(file, `server:\n${names.map((name) => `local-zone: "${name}." always_null\n`).join("")}`);
}

/** Adds names to a list that a server has read. */
export function addBlocked(hostsFile: string, names: readonly string[], added: readonly string[]): void {
  writeFileSync(hostsFile, [...names, ...added].map((each) => `0.0.0.0 ${each}\n`).join(""));
  const own = unboundLists.get(hostsFile);
  if (own !== undefined) writeBlocked(own, [...names, ...added]);
}

function coredns({ port, authorityPort, lists, hostsFile }: DnsPlace): string {
  const local = settingsFile(port, "local.hosts", hostLines(lists));
  const text = `.:${port} {
  bind 127.0.0.1
  cache ${3600} {
    success ${CACHE_NAMES}
  }
  hosts ${hostsFile} {
    ttl 3600
    no_reverse
    reload 1s
    fallthrough
  }
  forward . 127.0.0.1:${authorityPort} {
    max_concurrent 5000
  }
}
home.arpa:${port} {
  bind 127.0.0.1
  hosts ${local} {
    ttl 3600
    no_reverse
  }
}
`;
  return settingsFile(port, "Corefile", text);
}

function hostLines({ local }: DnsNames): string {
  return [...local].map(([name, address]) => `${address} ${name}\n`).join("");
}
