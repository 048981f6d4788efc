/** What is known of a container by its image. */
export interface KnownImage {
  /** The image's name without registry and tag: `redis`. */
  readonly name: string;
  /** Scheme of its target; undefined where the image says nothing. */
  readonly scheme: string | undefined;
  /** The port that is the service, where it has several. */
  readonly port: number | undefined;
}

/** Images whose service is not HTTP: name → scheme and usual port. */
const SCHEMES: ReadonlyMap<string, readonly [scheme: string, port: number]> = new Map(
  Object.entries({
    redis: ["redis", 6379],
    valkey: ["redis", 6379],
    keydb: ["redis", 6379],
    dragonfly: ["redis", 6379],
    postgres: ["postgres", 5432],
    postgresql: ["postgres", 5432],
    pgvector: ["postgres", 5432],
    pgvecto: ["postgres", 5432],
    "immich-postgres": ["postgres", 5432],
    timescaledb: ["postgres", 5432],
    postgis: ["postgres", 5432],
    mariadb: ["mariadb", 3306],
    mysql: ["mysql", 3306],
    mongo: ["mongodb", 27_017],
    mongodb: ["mongodb", 27_017],
    "eclipse-mosquitto": ["mqtt", 1883],
    mosquitto: ["mqtt", 1883],
    nats: ["nats", 4222],
    rabbitmq: ["amqp", 5672],
    memcached: ["memcached", 11_211],
    openldap: ["ldap", 389],
    "openssh-server": ["ssh", 2222],
    sftp: ["ssh", 22],
    samba: ["smb", 445],
  } as const),
);

/** Ports of images of HTTP that expose several. */
const HTTP_PORTS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    adguardhome: 3000,
    caddy: 80,
    gitea: 3000,
    forgejo: 3000,
    grafana: 3000,
    influxdb: 8086,
    jellyfin: 8096,
    nginx: 80,
    "nginx-proxy-manager": 81,
    pihole: 80,
    "portainer-ce": 9000,
    qbittorrent: 8080,
    syncthing: 8384,
    traefik: 8080,
    transmission: 9091,
    vaultwarden: 80,
  }),
);

/** Returns what an image's name says: `docker.io/library/redis:7-alpine@sha256:…` is a Redis server. */
export function knownImage(image: string): KnownImage {
  const path = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const name = path.split("/").at(-1)!.toLowerCase();
  const [scheme, port] = SCHEMES.get(name) ?? [];
  const isHttp = HTTP_PORTS.has(name);
  return { name, scheme: scheme ?? (isHttp ? "http" : undefined), port: port ?? HTTP_PORTS.get(name) };
}
