import { basename } from "node:path";
import type { Process } from "./holders.ts";

/** What is known of a program by its name. */
export interface Known {
  /** Name of the service. */
  readonly name: string;
  /** Scheme of its target. */
  readonly scheme: string;
  /** Its usual port. What else it listens on is for its cluster, its peers or its management, unless it does not listen there. */
  readonly mainPort?: number;
  /** A port that it has beside those of the service. */
  readonly otherPort?: number;
}

const known = (scheme: string, names: string) => names.split(" ").map((name) => [name, { name, scheme }] as const);
const http = (name: string, mainPort?: number): Known => ({ name, scheme: "http", ...(mainPort && { mainPort }) });

/** Programs whose name and protocol go together: name of the executable → service. */
const PROGRAMS: ReadonlyMap<string, Known> = new Map<string, Known>([
  ...known("http", "nginx haproxy traefik apache2 lighttpd gitea forgejo tinyproxy squid privoxy loki minio"),
  ...known("http", "jellyfin navidrome vaultwarden sonarr radarr prowlarr lidarr readarr opensearch grafana"),
  ...known("ftp", "vsftpd proftpd"),
  ...known("dns", "dnsmasq unbound named nsd knotd pihole-ftl"),
  ...known("tcp", "microsocks danted"),
  ["caddy", { ...http("caddy"), otherPort: 2019 }],
  ["prometheus", http("prometheus")],
  ["prometheus-alertmanager", http("alertmanager", 9093)],
  ["alertmanager", http("alertmanager", 9093)],
  ["prometheus-node-exporter", http("node-exporter")],
  ["node_exporter", http("node-exporter")],
  ["adguardhome", http("adguard", 3000)],
  ["influxd", http("influxdb", 8086)],
  ["etcd", http("etcd", 2379)],
  ["cupsd", http("cups")],
  ["syncthing", http("syncthing", 8384)],
  ["grafana-server", http("grafana")],
  ["transmission-daemon", http("transmission", 9091)],
  ["qbittorrent-nox", http("qbittorrent", 8080)],
  ["docker-registry", http("registry")],
  ["registry", http("registry")],
  ["hass", http("home-assistant", 8123)],
  ["node-red", http("node-red")],
  ["redis-server", { name: "redis", scheme: "redis" }],
  ["valkey-server", { name: "valkey", scheme: "redis" }],
  ["postgres", { name: "postgres", scheme: "postgres" }],
  ["mysqld", { name: "mysql", scheme: "mysql", mainPort: 3306 }],
  ["mariadbd", { name: "mariadb", scheme: "mysql", mainPort: 3306 }],
  ["mongod", { name: "mongodb", scheme: "mongodb" }],
  ["ferretdb", { name: "mongodb", scheme: "mongodb", mainPort: 27_017 }],
  ["memcached", { name: "memcached", scheme: "memcached" }],
  ["mosquitto", { name: "mosquitto", scheme: "mqtt", mainPort: 1883 }],
  ["nats-server", { name: "nats", scheme: "nats", mainPort: 4222 }],
  ["rabbitmq", { name: "rabbitmq", scheme: "amqp", mainPort: 5672 }],
  ["slapd", { name: "ldap", scheme: "ldap", mainPort: 389 }],
  ["sshd", { name: "ssh", scheme: "ssh" }],
  ["dropbear", { name: "ssh", scheme: "ssh" }],
  ["smbd", { name: "samba", scheme: "smb", mainPort: 445 }],
  ["upsd", { name: "ups", scheme: "nut" }],
  ["master", { name: "mail", scheme: "smtp", mainPort: 25 }],
  ["exim4", { name: "mail", scheme: "smtp", mainPort: 25 }],
  ["dovecot", { name: "imap", scheme: "imap", mainPort: 143 }],
]);

/** They run programs of others, whose names are in the command line or in a package's description. */
const INTERPRETERS = /^(node|bun(\.exe)?|deno|python[\d.]*|java|ruby[\d.]*|php[\d.]*|perl|beam\.smp|MainThread)$/;
/** What interpreters run under names of their own. */
const SCRIPTS: ReadonlyMap<string, Known> = new Map([
  ["http.server", http("http-server")],
  ["homeassistant", http("home-assistant", 8123)],
]);
/** They hold ports for others. */
const HOLDERS = /^(docker-proxy|dockerd|containerd|conmon|rootlessport|slirp4netns|systemd)$/;
/** Parts of the system that are no services of a house. */
const SYSTEM =
  /^(systemd-resolve[d]?|rpcbind|rpc\.statd|chronyd|avahi-daemon|dhclient|tenk|epmd|inetd|xinetd|containerd-shim.*)$/;

export interface Named {
  readonly name: string;
  /** Undefined: the program is not known, so its port is greeted. */
  readonly known: Known | undefined;
  /** It holds the port for a container. */
  readonly isHolder: boolean;
}

/** Returns who a process is; undefined for a part of the system. */
export function nameOf(process: Process): Named | undefined {
  const names = [basename(process.executable), process.comm, basename(process.words[0] ?? "")].filter(
    (name) => name !== "",
  );
  if (names.some((name) => SYSTEM.test(name))) return undefined;
  if (names.some((name) => HOLDERS.test(name))) return { name: "container", known: undefined, isHolder: true };
  for (const name of names) {
    const known = PROGRAMS.get(name.toLowerCase());
    if (known !== undefined) return { name: known.name, known, isHolder: false };
  }
  if (!names.some((name) => INTERPRETERS.test(name)))
    return { name: slug(names[0] ?? "service"), known: undefined, isHolder: false };
  const script = scriptName(process);
  const known = SCRIPTS.get(script) ?? PROGRAMS.get(script);
  return { name: known?.name ?? slug(script === "" ? names[0]! : script), known, isHolder: false };
}

/** Of an interpreter what it runs: of `beam.smp … rabbit` it is rabbitmq, of `python3 -m http.server` http.server. */
function scriptName({ words, folder }: Process): string {
  if (basename(words[0] ?? "") === "beam.smp" && words.some((word) => word.includes("rabbit"))) return "rabbitmq";
  for (const word of words.slice(1, 4)) {
    const name = basename(word);
    if (PROGRAMS.has(name)) return name;
  }
  const module = words.indexOf("-m");
  const script = module > 0 ? words[module + 1] : words.slice(1).find((word) => !word.startsWith("-"));
  if (script !== undefined && SCRIPTS.has(script)) return script;
  const installed = /\/node_modules\/(?:@[^/]+\/)?([^/]+)\//.exec(script ?? "")?.[1];
  if (installed !== undefined) return installed;
  const file = basename(script ?? "").replace(/\.(m?[jt]s|cjs|py|jar|rb|php|pl)$/, "");
  // Most programs are called index or main: the folder says more.
  return /^(|index|main|server|app|start|run|cli|__main__)$/.test(file) ? basename(folder) : file;
}

/** Returns a name that a service may have. */
export function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return plain === "" ? "service" : plain.slice(0, 63);
}
