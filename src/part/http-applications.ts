/**
 * Applications that speak HTTP and have a way of their own to be asked whether they are well. As the `kind` of a service they are
 * served by HTTPS as any other.
 */
export const HTTP_APPLICATIONS = [
  "adguard",
  "alertmanager",
  "elasticsearch",
  "emby",
  "etcd",
  "forgejo",
  "gitea",
  "grafana",
  "home-assistant",
  "immich",
  "influxdb",
  "jellyfin",
  "lidarr",
  "nextcloud",
  "node-red",
  "opensearch",
  "prometheus",
  "prowlarr",
  "qbittorrent",
  "radarr",
  "readarr",
  "registry",
  "sonarr",
  "syncthing",
  "transmission",
  "vaultwarden",
] as const;

export type HttpApplication = (typeof HTTP_APPLICATIONS)[number];

export function isHttpApplication(kind: string): kind is HttpApplication {
  return (HTTP_APPLICATIONS as readonly string[]).includes(kind);
}
