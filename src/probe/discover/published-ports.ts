import { COMPOSE_SERVICE, type Container, ContainerEngine, engineSockets, knownImage } from "../../containers/mod.ts";
import { slug } from "./programs.ts";

/** The container behind a port, which the engine's own program holds. */
export interface PublishedPort {
  /** Of its service in Compose, else its own. */
  readonly name: string;
  readonly container: string;
  readonly image: string;
  /** Scheme of its target, where the image says it. */
  readonly scheme: string | undefined;
}

/** An engine that hangs must not hold up everything else. */
const TIMEOUT_MS = 2000;

/** Asks the engines of this machine which running containers have published ports. @returns by port; nothing where none may be asked */
export async function publishedPorts(
  sockets: readonly string[] = socketsOfMachine(),
): Promise<Map<number, PublishedPort>> {
  const lists = await Promise.all(
    sockets.map((socket) =>
      new ContainerEngine({ socket, timeoutMs: TIMEOUT_MS }).list().then(
        ({ containers }) => containers,
        () => [],
      ),
    ),
  );
  const running = lists.flat().filter(({ state }) => state === "running" || state === "paused");
  return new Map(
    running.flatMap((container) =>
      container.published.map(({ port, containerPort }) => [port, publishedPort(container, containerPort)] as const),
    ),
  );
}

function socketsOfMachine(): string[] {
  const { DOCKER_HOST, XDG_RUNTIME_DIR } = process.env;
  return engineSockets({ DOCKER_HOST, XDG_RUNTIME_DIR });
}

function publishedPort({ name, image, labels }: Container, containerPort: number): PublishedPort {
  const known = knownImage(image);
  const isMain = known.port === undefined || known.port === containerPort;
  return {
    name: slug(labels[COMPOSE_SERVICE] ?? name),
    container: name,
    image,
    scheme: isMain ? known.scheme : undefined,
  };
}
