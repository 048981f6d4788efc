import { basename } from "node:path";
import type { Process } from "./holders.ts";

/** What is known of a program by its name. */
export interface Known {
  /** Name of the service. */
  readonly name: string;
  /** Scheme of its target. */
  readonly scheme: string;
}

const known = (scheme: string, names: string) => names.split(" ").map((name) => [name, { name, scheme }] as const);

/** Programs whose name and protocol go together: name of the executable → service. */
const PROGRAMS: ReadonlyMap<string, Known> = new Map<string, Known>([
  ...known(
    "http",
    "nginx caddy haproxy traefik apache2 lighttpd prometheus alertmanager gitea forgejo influxd etcd cupsd syncthing",
  ),
  ...known(
    "http",
    "jellyfin navidrome vaultwarden adguardhome sonarr radarr prowlarr opensearch loki minio node_exporter",
  ),
  ...known("memcached", "memcached"),
  ...known("mqtt", "mosquitto"),
  ...known("ftp", "vsftpd proftpd"),
  ...known("ldap", "slapd"),
  ["redis-server", { name: "redis", scheme: "redis" }],
  ["valkey-server", { name: "valkey", scheme: "redis" }],
  ["postgres", { name: "postgres", scheme: "postgres" }],
  ["mysqld", { name: "mysql", scheme: "mysql" }],
  ["mariadbd", { name: "mariadb", scheme: "mysql" }],
  ["mongod", { name: "mongodb", scheme: "mongodb" }],
  ["ferretdb", { name: "mongodb", scheme: "mongodb" }],
  ["nats-server", { name: "nats", scheme: "nats" }],
  ["docker-registry", { name: "registry", scheme: "http" }],
  ["registry", { name: "registry", scheme: "http" }],
  ["grafana", { name: "grafana", scheme: "http" }],
  ["grafana-server", { name: "grafana", scheme: "http" }],
  ["transmission-daemon", { name: "transmission", scheme: "http" }],
  ["qbittorrent-nox", { name: "qbittorrent", scheme: "http" }],
  ["hass", { name: "home-assistant", scheme: "http" }],
  ["node-red", { name: "node-red", scheme: "http" }],
  ["sshd", { name: "ssh", scheme: "ssh" }],
  ["smbd", { name: "samba", scheme: "smb" }],
  ["upsd", { name: "ups", scheme: "nut" }],
  ["master", { name: "mail", scheme: "smtp" }],
  ["exim4", { name: "mail", scheme: "smtp" }],
  ["dovecot", { name: "imap", scheme: "imap" }],
]);

/** Usual ports of programs that listen on several: only this one is the service. */
const MAIN_PORTS: Readonly<Record<string, readonly number[]>> = {
  "nats-server": [4222],
  influxd: [8086],
  smbd: [445],
  etcd: [2379],
  caddy: [80, 443],
};

/** They run programs of others, whose names are in the command line or in a package's description. */
const INTERPRETERS = /^(node|bun(\.exe)?|deno|python[\d.]*|java|ruby[\d.]*|php[\d.]*|perl|beam\.smp|MainThread)$/;
/** They hold ports for others. */
const HOLDERS = /^(docker-proxy|dockerd|containerd|conmon|rootlessport|slirp4netns|systemd)$/;
/** Parts of the system that are no services of a house. */
const SYSTEM = /^(systemd-resolve[d]?|rpcbind|rpc\.statd|chronyd|avahi-daemon|dhclient|tenk|containerd-shim.*)$/;

export interface Named {
  readonly name: string;
  /** Undefined: the program is not known, so its port is greeted. */
  readonly scheme: string | undefined;
  /** It holds the port for a container. */
  readonly isHolder: boolean;
}

/** Returns who a process is; undefined for a part of the system. */
export function nameOf(process: Process, port: number): Named | undefined {
  const names = [basename(process.executable), process.comm, basename(process.words[0] ?? "")].filter(
    (name) => name !== "",
  );
  if (names.some((name) => SYSTEM.test(name))) return undefined;
  if (names.some((name) => HOLDERS.test(name))) return { name: "container", scheme: undefined, isHolder: true };
  for (const name of names) {
    const found = PROGRAMS.get(name.toLowerCase());
    if (found === undefined) continue;
    const isMain = MAIN_PORTS[name]?.includes(port) ?? true;
    return { name: found.name, scheme: isMain ? found.scheme : undefined, isHolder: false };
  }
  return { name: scriptName(process, names), scheme: undefined, isHolder: false };
}

/** Of an interpreter the name of what it runs: `beam.smp … rabbit` is RabbitMQ, `python3 -m http.server` is http.server. */
function scriptName({ words, folder }: Process, names: readonly string[]): string {
  const program = names[0] ?? "service";
  if (!names.some((name) => INTERPRETERS.test(name))) return slug(program);
  if (words.some((word) => word.includes("rabbit"))) return "rabbitmq";
  for (const [name, { name: service }] of PROGRAMS)
    if (words.slice(1, 4).some((word) => basename(word) === name)) return service;
  const module = words.indexOf("-m");
  const script = module > 0 ? words[module + 1] : words.slice(1).find((word) => !word.startsWith("-"));
  const file = basename(script ?? "").replace(/\.(m?[jt]s|cjs|py|jar|rb|php|pl)$/, "");
  // Most programs are called index or main: the folder says more.
  const says = /^(|index|main|server|app|start|run|cli|__main__)$/.test(file) ? basename(folder) : file;
  return slug(says === "" ? program : says);
}

/** Returns a name that a service may have. */
export function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return plain === "" ? "service" : plain.slice(0, 63);
}
