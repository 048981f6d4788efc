import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A container as a test states it; the rest is as Docker 20.10 has it. */
export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly image?: string;
  readonly state?: string;
  readonly exitCode?: number;
  readonly isOutOfMemory?: boolean;
  readonly health?: string;
  readonly healthText?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Container's port → ports of this machine. */
  readonly ports?: Readonly<Record<number, readonly number[]>>;
  readonly exposed?: readonly number[];
  readonly address?: string;
  readonly network?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly restartPolicy?: string;
}

export const idOf = (digit: string) => digit.repeat(64).slice(0, 64);

/** A container engine on a Unix socket that answers as Docker does, and counts what it is asked. */
export class FakeEngine {
  readonly folder = mkdtempSync(join(tmpdir(), "engine-"));
  readonly socket = join(this.folder, "docker.sock");
  readonly asked: string[] = [];
  containers: FakeContainer[] = [];
  /** Replaces an answer, by the path without its query. */
  readonly answers = new Map<string, (response: ServerResponse) => void>();
  headers: Record<string, string> = { "Api-Version": "1.41" };
  #server: Server | undefined;
  readonly #streams = new Set<ServerResponse>();

  async start(): Promise<void> {
    rmSync(this.socket, { force: true });
    this.#server = createServer((request, response) => {
      const [path = ""] = (request.url ?? "").split("?");
      this.asked.push(request.url ?? "");
      const own = this.answers.get(path);
      if (own !== undefined) return own(response);
      this.#answer(path, response);
    }).listen(this.socket);
    await new Promise((resolve) => this.#server!.once("listening", resolve));
  }

  /** Ends as an engine does that is stopped: its connections end too. */
  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
    this.#streams.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Sends an event, or any text, to who follows. */
  event(action: string | { readonly text: string }, id = idOf("a"), attributes: Record<string, string> = {}): void {
    const text =
      typeof action === "string"
        ? `${JSON.stringify({ Type: "container", Action: action, Actor: { ID: id, Attributes: attributes } })}\n`
        : action.text;
    for (const each of this.#streams) each.write(text);
  }

  /** Changes the containers as the engine does it: with an event. */
  change(containers: FakeContainer[], action = "start", id = idOf("a"), attributes: Record<string, string> = {}): void {
    this.containers = containers;
    this.event(action, id, attributes);
  }

  #answer(path: string, response: ServerResponse): void {
    const json = (value: unknown) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value);
    if (path === "/_ping") response.end("OK");
    else if (path === "/containers/json") json(this.containers.map(listed));
    else if (path === "/events") {
      this.#streams.add(response);
      response.on("close", () => this.#streams.delete(response));
      response.flushHeaders();
    } else {
      const id = decodeURIComponent(/^\/containers\/(.+)\/json$/.exec(path)?.[1] ?? "");
      const found = this.containers.find((each) => each.id === id || each.name === id);
      if (found === undefined) response.writeHead(404).end('{"message":"No such container"}');
      else json(inspected(found));
    }
  }
}

const bindings = ({ ports = {} }: FakeContainer) =>
  Object.entries(ports).map(([port, hosts]) => [
    `${port}/tcp`,
    hosts.map((host) => ({ HostIp: "0.0.0.0", HostPort: String(host) })),
  ]);

const isUp = ({ state = "running" }: FakeContainer) => ["running", "paused", "restarting"].includes(state);

function listed(each: FakeContainer): unknown {
  const {
    id,
    name,
    image = "app",
    state = "running",
    exitCode = 0,
    health,
    labels = {},
    ports = {},
    address,
    network = "bridge",
  } = each;
  const status =
    state === "exited"
      ? `Exited (${exitCode}) 3 minutes ago`
      : `Up 3 minutes${health === undefined ? "" : health === "starting" ? " (health: starting)" : ` (${health})`}${state === "paused" ? " (Paused)" : ""}`;
  return {
    Id: id,
    Names: [`/${name}`],
    Image: image,
    State: state,
    Status: status,
    Created: 1_700_000_000,
    Labels: labels,
    Ports: isUp(each)
      ? Object.entries(ports).flatMap(([port, hosts]) =>
          hosts.length === 0
            ? [{ PrivatePort: Number(port), Type: "tcp" }]
            : hosts.map((host) => ({ IP: "0.0.0.0", PrivatePort: Number(port), PublicPort: host, Type: "tcp" })),
        )
      : [],
    HostConfig: { NetworkMode: network },
    NetworkSettings: { Networks: address === undefined ? {} : { bridge: { IPAddress: isUp(each) ? address : "" } } },
  };
}

function inspected(each: FakeContainer): unknown {
  const {
    id,
    name,
    image = "app",
    state = "running",
    exitCode = 0,
    isOutOfMemory = false,
    health,
    healthText = "",
    labels = {},
  } = each;
  const { ports = {}, exposed = [], address, network = "bridge", restartPolicy = "no" } = each;
  const { startedAt = "2026-01-01T00:00:00Z", finishedAt = "0001-01-01T00:00:00Z" } = each;
  return {
    Id: id,
    Name: `/${name}`,
    Created: "2026-01-01T00:00:00.123456789Z",
    RestartCount: 0,
    State: {
      Status: state,
      ExitCode: exitCode,
      OOMKilled: isOutOfMemory,
      StartedAt: startedAt,
      FinishedAt: finishedAt,
      ...(health && { Health: { Status: health, Log: [{ ExitCode: 1, Output: healthText }] } }),
    },
    Config: {
      Image: image,
      Labels: labels,
      ExposedPorts: Object.fromEntries([...Object.keys(ports), ...exposed].map((port) => [`${port}/tcp`, {}])),
    },
    HostConfig: {
      NetworkMode: network,
      RestartPolicy: { Name: restartPolicy },
      PortBindings: Object.fromEntries(bindings(each)),
    },
    NetworkSettings: {
      Ports: isUp(each) ? Object.fromEntries(bindings(each)) : {},
      Networks:
        address === undefined ? {} : { bridge: { IPAddress: isUp(each) ? address : "", GlobalIPv6Address: "" } },
    },
  };
}
