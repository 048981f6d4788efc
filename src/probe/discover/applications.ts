import type { HttpResponse } from "../../http/mod.ts";
import type { HttpApplication } from "../../part/mod.ts";
import { APPLICATIONS, checkHttp } from "../checks/mod.ts";

/** Fields by which an application shows what it is. */
const FIELDS: readonly (readonly [name: string, value: RegExp, application: string])[] = [
  ["x-influxdb-version", /./, "influxdb"],
  ["docker-distribution-api-version", /./, "registry"],
  ["x-syncthing-version", /./, "syncthing"],
  ["x-jellyfin-version", /./, "jellyfin"],
  ["x-jenkins", /./, "jenkins"],
  ["set-cookie", /^i_like_gitea=/, "gitea"],
  ["set-cookie", /^grafana_session/, "grafana"],
  ["www-authenticate", /realm="?Transmission/, "transmission"],
  ["location", /^\/(classic\/)?(graph|query)$/, "prometheus"],
  ["server", /^Transmission/, "transmission"],
  ["server", /^CUPS/, "cups"],
  ["server", /^tinyproxy/i, "tinyproxy"],
  ["server", /^MiniServ/, "webmin"],
];
/** Titles of pages. They come before the web server, which may stand in front of another. */
const TITLES: readonly (readonly [RegExp, string])[] = [
  ...[
    ...[
      "Adguard",
      "Alertmanager",
      "Forgejo",
      "Gitea",
      "Grafana",
      "Immich",
      "Jellyfin",
      "Lidarr",
      "Nextcloud",
      "Node Exporter",
    ],
    ...[
      "Node-RED",
      "Portainer",
      "Prometheus",
      "Prowlarr",
      "qBittorrent",
      "Radarr",
      "Sonarr",
      "Syncthing",
      "Transmission",
    ],
    ...["Uptime Kuma", "Vaultwarden", "Home Assistant", "Pi-hole", "Proxmox", "Netdata", "Paperless-ngx"],
  ].map((name) => [new RegExp(`\\b${name}\\b`, "i"), name.toLowerCase().replace(" ", "-")] as const),
  [/^Directory listing for /, "http-server"],
];
const WEB_SERVERS: readonly (readonly [RegExp, string])[] = [
  [/^(nginx|openresty)/i, "nginx"],
  [/^Caddy/i, "caddy"],
  [/^Apache/, "apache2"],
  [/^lighttpd/, "lighttpd"],
  [/^SimpleHTTP/, "http-server"],
];

/** Returns the name of the application that answered; undefined for one that does not show it. */
export function applicationOf({ fields, body }: HttpResponse): string | undefined {
  for (const [name, value, application] of FIELDS)
    if (fields.some((each) => each[0] === name && value.test(each[1]))) return application;
  const text = new TextDecoder().decode(body);
  const title = /<title>\s*([^<]{1,100})/i.exec(text)?.[1] ?? "";
  const titled = TITLES.find(([pattern]) => pattern.test(title));
  if (titled !== undefined) return titled[1];
  const server = fields.find(([name]) => name === "server")?.[1] ?? "";
  return WEB_SERVERS.find(([pattern]) => pattern.test(server))?.[1];
}

/** Usual ports of applications whose first page does not show what they are, and whose answer at their own path does. */
const AT_PORTS: Readonly<Record<number, readonly HttpApplication[]>> = {
  2283: ["immich"],
  2379: ["etcd"],
  3000: ["gitea", "grafana"],
  5000: ["registry"],
  8123: ["home-assistant"],
  9200: ["opensearch"],
};

/** Returns the application that is usual at this port, if it answers as its documentation says. */
export async function applicationAt(url: string, port: number, timeoutMs: number): Promise<string | undefined> {
  for (const name of AT_PORTS[port] ?? []) {
    const application = APPLICATIONS[name];
    const limits = { timeoutMs, slowMs: timeoutMs, certificateDays: 0, maxBodyBytes: 65_536, maxRedirects: 0 };
    const tls = url.startsWith("https:") && { tls: { verify: false } };
    const { result } = await checkHttp({ url, path: application.path, application, ...tls, ...limits });
    if (result === "up") return name;
  }
  return undefined;
}
