/** What tenk keeps of a container. Everything in it was written by whoever started the container, so all of it is bounded. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly health: ContainerHealth;
  /** The last line that its health check printed. */
  readonly healthText: string | undefined;
  /** Of one that has exited. */
  readonly exitCode: number | undefined;
  readonly isOutOfMemory: boolean;
  /** How often the engine has restarted it by itself. */
  readonly restarts: number;
  /** Whether the engine starts it again when it exits: `no`, `always`, `unless-stopped`, `on-failure`; "" where that is not known. */
  readonly restartPolicy: string;
  /** Milliseconds since 1970; 0 where they are not known. */
  readonly createdMs: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  /** Only those that mean something here: `tenk.*`, and the service's name of Compose. */
  readonly labels: Readonly<Record<string, string>>;
  readonly published: readonly Published[];
  /** TCP ports that its image says it listens on. */
  readonly exposed: readonly number[];
  /** Its addresses in the engine's networks, IPv4 first. */
  readonly addresses: readonly string[];
  /** `bridge`, `host`, `none`, `container:ID`, or a network's name. */
  readonly network: string;
}

export type ContainerState = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
export type ContainerHealth = "none" | "starting" | "healthy" | "unhealthy";

/** A TCP port of a container that can be reached at an address of this machine. */
export interface Published {
  readonly containerPort: number;
  /** "" or a wildcard for all addresses. */
  readonly host: string;
  readonly port: number;
}

/** Labels that begin with it are for tenk. */
export const LABEL_PREFIX = "tenk.";
export const COMPOSE_SERVICE = "com.docker.compose.service";

const MAX_TEXT = 200;
/** More than a section of a service can have; the first beyond is kept, so that it is refused rather than overlooked. */
const MAX_LABELS = 100;
const MAX_LABEL_LENGTH = 4096;
const MAX_PORTS = 64;
const MAX_ADDRESSES = 16;

export const CONTAINER_STATES: readonly ContainerState[] = [
  "created",
  "running",
  "paused",
  "restarting",
  "removing",
  "exited",
  "dead",
];
/** Podman's own states → Docker's. */
const OTHER_STATES: Readonly<Record<string, ContainerState>> = {
  configured: "created",
  initialized: "created",
  stopping: "running",
  stopped: "exited",
  unknown: "dead",
};

type Json = unknown;

/** Returns a container of `GET /containers/json`; undefined for what is none. */
export function listedContainer(given: Json): Container | undefined {
  const id = idOf(field(given, "Id"));
  if (id === undefined) return undefined;
  const status = textOf(field(given, "Status"));
  const networks = field(field(given, "NetworkSettings"), "Networks");
  const exit = /^Exited \((-?\d{1,5})\)/.exec(status)?.[1];
  const state = stateOf(field(given, "State"), status);
  return {
    id,
    name: nameOf(listOf(field(given, "Names"))[0], id),
    image: textOf(field(given, "Image")),
    state,
    health: /\(healthy\)/.test(status)
      ? "healthy"
      : /\(unhealthy\)/.test(status)
        ? "unhealthy"
        : /\((health: )?starting\)/.test(status)
          ? "starting"
          : "none",
    healthText: undefined,
    exitCode: exit === undefined || state === "running" ? undefined : Number(exit),
    isOutOfMemory: false,
    restarts: 0,
    restartPolicy: "",
    createdMs: 1000 * numberOf(field(given, "Created")),
    startedMs: 0,
    finishedMs: 0,
    labels: labelsOf(field(given, "Labels")),
    published: listedPorts(field(given, "Ports")),
    exposed: portsOf(listOf(field(given, "Ports")).map((each) => tcpPort(each, "PrivatePort"))),
    addresses: addressesOf(networks),
    network: textOf(field(field(given, "HostConfig"), "NetworkMode")),
  };
}

/** Returns a container of `GET /containers/ID/json`; undefined for what is none. */
export function inspectedContainer(given: Json): Container | undefined {
  const id = idOf(field(given, "Id"));
  if (id === undefined) return undefined;
  const [config, state, host, settings] = ["Config", "State", "HostConfig", "NetworkSettings"].map((name) =>
    field(given, name),
  );
  const health = field(state, "Health") ?? field(state, "Healthcheck");
  const word = stateOf(field(state, "Status"), "");
  const own = [field(settings, "IPAddress"), field(settings, "GlobalIPv6Address")];
  return {
    id,
    name: nameOf(field(given, "Name"), id),
    image: textOf(field(config, "Image")),
    state: word,
    health: healthOf(field(health, "Status")),
    healthText: lastLine(field(listOf(field(health, "Log")).at(-1), "Output")),
    exitCode:
      word === "exited" || word === "dead" || word === "restarting" ? numberOf(field(state, "ExitCode")) : undefined,
    isOutOfMemory: field(state, "OOMKilled") === true,
    restarts: numberOf(field(given, "RestartCount")),
    restartPolicy: textOf(field(field(host, "RestartPolicy"), "Name")),
    createdMs: timeOf(field(given, "Created")),
    startedMs: timeOf(field(state, "StartedAt")),
    finishedMs: timeOf(field(state, "FinishedAt")),
    labels: labelsOf(field(config, "Labels")),
    published: boundPorts(field(settings, "Ports"), field(host, "PortBindings")),
    exposed: portsOf(keysOf(field(config, "ExposedPorts")).map(tcpKey)),
    addresses: addressesOf(field(settings, "Networks"), own),
    network: textOf(field(host, "NetworkMode")),
  };
}

/** Returns a field of what may be no object. */
export function field(given: Json, name: string): Json {
  return typeof given === "object" && given !== null ? (given as Record<string, Json>)[name] : undefined;
}

/** Returns a text of one line, without what could disturb a terminal or a log. */
export function textOf(given: Json, most = MAX_TEXT): string {
  return typeof given === "string" ? given.slice(0, most).replace(/\p{C}+/gu, "?") : "";
}

function idOf(given: Json): string | undefined {
  return typeof given === "string" && /^[0-9a-f]{12,64}$/.test(given) ? given : undefined;
}

function nameOf(given: Json, id: string): string {
  const name = textOf(given).replace(/^\//, "");
  return name === "" ? id.slice(0, 12) : name;
}

function stateOf(given: Json, status: string): ContainerState {
  const word = textOf(given).toLowerCase();
  if (/\(Paused\)/.test(status)) return "paused";
  return CONTAINER_STATES.find((each) => each === word) ?? OTHER_STATES[word] ?? "dead";
}

function healthOf(given: Json): ContainerHealth {
  return given === "starting" || given === "healthy" || given === "unhealthy" ? given : "none";
}

function lastLine(given: Json): string | undefined {
  const lines = typeof given === "string" ? given.slice(-4096).trim().split("\n") : [];
  return textOf(lines.at(-1)) || undefined;
}

/** The engine's "never" is the year 1. */
function timeOf(given: Json): number {
  const ms = typeof given === "string" ? Date.parse(given) : Number.NaN;
  return ms > 0 ? ms : 0;
}

function numberOf(given: Json): number {
  return typeof given === "number" && Number.isSafeInteger(given) ? given : 0;
}

function listOf(given: Json): readonly Json[] {
  return Array.isArray(given) ? given : [];
}

function keysOf(given: Json): string[] {
  return typeof given === "object" && given !== null ? Object.keys(given) : [];
}

function labelsOf(given: Json): Record<string, string> {
  const kept = keysOf(given).filter((key) => key.startsWith(LABEL_PREFIX) || key === COMPOSE_SERVICE);
  return Object.fromEntries(
    // One character more than a label may have: it is refused, not used without its end.
    kept.slice(0, MAX_LABELS + 1).map((key) => [key, String(field(given, key)).slice(0, MAX_LABEL_LENGTH + 1)]),
  );
}

function tcpPort(given: Json, name: string): number | undefined {
  const type = field(given, "Type");
  return type === undefined || type === "tcp" ? numberOf(field(given, name)) : undefined;
}

function tcpKey(key: string): number | undefined {
  return /^\d{1,5}(\/tcp)?$/.test(key) ? Number.parseInt(key, 10) : undefined;
}

function portsOf(given: readonly (number | undefined)[]): number[] {
  const ports = given.filter((port): port is number => port !== undefined && port > 0 && port < 65_536);
  return [...new Set(ports)].slice(0, MAX_PORTS).sort((one, other) => one - other);
}

function listedPorts(given: Json): Published[] {
  return listOf(given)
    .slice(0, 4 * MAX_PORTS)
    .flatMap((each) => {
      const [containerPort, port] = [tcpPort(each, "PrivatePort"), tcpPort(each, "PublicPort")];
      return containerPort && port ? [{ containerPort, port, host: textOf(field(each, "IP")) }] : [];
    })
    .slice(0, MAX_PORTS);
}

/** A container that does not run has no ports, but still says which it will have. */
function boundPorts(ports: Json, bindings: Json): Published[] {
  const bound = [ports, bindings].map((each) =>
    keysOf(each).flatMap((key) => {
      const containerPort = tcpKey(key);
      return listOf(field(each, key)).flatMap((binding) => {
        const port = Number(field(binding, "HostPort"));
        const isPort = Number.isInteger(port) && port > 0 && port < 65_536;
        return containerPort && isPort ? [{ containerPort, port, host: textOf(field(binding, "HostIp")) }] : [];
      });
    }),
  );
  return (bound[0]!.length > 0 ? bound[0]! : bound[1]!).slice(0, MAX_PORTS);
}

function addressesOf(networks: Json, own: readonly Json[] = []): string[] {
  const all = keysOf(networks)
    .sort()
    .flatMap((name) => {
      const network = field(networks, name);
      return [field(network, "IPAddress"), field(network, "GlobalIPv6Address")];
    });
  const plain = [...all, ...own].filter(
    (each): each is string => typeof each === "string" && /^[0-9a-f.:]{2,45}$/i.test(each),
  );
  const once = [...new Set(plain)].slice(0, MAX_ADDRESSES);
  return [...once.filter((each) => !each.includes(":")), ...once.filter((each) => each.includes(":"))];
}
