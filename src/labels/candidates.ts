import { type Container, knownImage } from "../containers/mod.ts";

/** Where a service of a container may be reached. */
export interface Candidate {
  readonly host: string;
  readonly port: number;
  /** The port inside the container. */
  readonly containerPort: number;
}

/** Ports that are usual for HTTP, the most usual first. */
const WEB_PORTS = [80, 8080, 3000, 8000, 5000, 8123, 443, 8443];
const MAX_CANDIDATES = 16;

/**
 * Returns where a container may be reached, the best first: its published port on this machine, then its own addresses. Which of them
 * answers depends on the engine's networks: a rootless container has no address that this machine reaches, and one without published ports
 * has nothing else.
 *
 * @param port inside the container @default {those that it publishes, then those that its image exposes}
 * @param shared the container whose network it uses (`network: container:ID`)
 */
export function candidatesOf(container: Container, port: number | undefined, shared?: Container): Candidate[] {
  const { published, exposed, addresses, network } = container;
  const own = shared ?? container;
  const isHost = network === "host" || shared?.network === "host";
  const all = [...published, ...own.published];
  const ports =
    port === undefined
      ? ordered(
          container,
          all.map(({ containerPort }) => containerPort),
          exposed,
        )
      : [port];
  const found = ports.flatMap((containerPort) => {
    const bound = all.filter((each) => each.containerPort === containerPort);
    const local = bound.map((each) => ({ host: localHost(each.host), port: each.port, containerPort }));
    if (isHost) return [{ host: "127.0.0.1", port: containerPort, containerPort }];
    const direct = (own === container ? addresses : own.addresses).map((host) => ({
      host,
      port: containerPort,
      containerPort,
    }));
    return [...local, ...direct];
  });
  const once = new Map(found.map((each) => [`${each.host} ${each.port}`, each]));
  return [...once.values()].slice(0, MAX_CANDIDATES);
}

/** Returns the URL of a service of a container. */
export function urlOf(
  { host, port, containerPort }: Candidate,
  { image }: Container,
  given: string | undefined,
): string {
  const known = knownImage(image);
  const isUsual = known.port === undefined || known.port === containerPort;
  const ofImage = isUsual ? known.scheme : undefined;
  const scheme = given ?? ofImage ?? (containerPort === 443 || containerPort === 8443 ? "https" : "http");
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Published ports come before exposed ones, and of each the one that is the image's, then the usual ones of HTTP. */
function ordered({ image }: Container, published: readonly number[], exposed: readonly number[]): number[] {
  const main = knownImage(image).port;
  const rank = (port: number) => {
    if (port === main) return -1;
    const at = WEB_PORTS.indexOf(port);
    return at < 0 ? WEB_PORTS.length : at;
  };
  const sorted = (ports: readonly number[]) => [...ports].sort((one, other) => rank(one) - rank(other) || one - other);
  return [...new Set([...sorted(published), ...sorted(exposed)])];
}

/** A port that is bound to all addresses is reached by that of the machine itself. */
export function localHost(host: string): string {
  if (host === "::") return "::1";
  return host === "" || host === "0.0.0.0" ? "127.0.0.1" : host;
}
