import { messageOf, TenkError } from "../base/mod.ts";
import { type HttpResponse, type RequestOptions, request } from "../http/mod.ts";
import { type Container, inspectedContainer, listedContainer, textOf } from "./container.ts";
import { type EngineEvent, EventReader } from "./events.ts";

export interface EngineOptions {
  /** Path of the Unix socket: `/run/docker.sock`. */
  readonly socket: string;
  /** Longest answer to one question. @default {5000} */
  readonly timeoutMs?: number;
  /** Bytes of a list of all containers. @default {33554432} */
  readonly maxListBytes?: number;
  /** Bytes of what is told of one container. @default {4194304} */
  readonly maxContainerBytes?: number;
  /** Containers that are kept of a list. @default {2000} */
  readonly maxContainers?: number;
}

export const ENGINE_DEFAULTS = {
  timeoutMs: 5000,
  maxListBytes: 32 * 2 ** 20,
  maxContainerBytes: 4 * 2 ** 20,
  maxContainers: 2000,
} as const satisfies Required<Omit<EngineOptions, "socket">>;

export interface EngineVersion {
  /** `Docker` or `Podman`. */
  readonly engine: string;
  /** Of its API: `1.41`. */
  readonly api: string;
}

/** A stream of events is begun anew after this long, at the latest: a timer takes 31 bits. */
const LONGEST_STREAM_MS = 24 * 3_600_000;

/**
 * Asks a container engine over its Unix socket, in the API of Docker, which Podman speaks too. It only reads. Paths have no version: engines
 * refuse old ones, and the newest they have is always right for what is asked here.
 */
export class ContainerEngine {
  readonly socket: string;
  readonly #options: Required<EngineOptions>;

  constructor(options: EngineOptions) {
    this.#options = { ...ENGINE_DEFAULTS, ...options };
    this.socket = options.socket;
  }

  /** @throws {TenkError} why it does not answer */
  async ping(signal?: AbortSignal): Promise<EngineVersion> {
    const { fields } = await this.#ask("/_ping", { maxBodyBytes: 1024, whenTooLong: "cut" }, signal);
    const value = (name: string) => textOf(fields.find(([each]) => each === name)?.[1], 40);
    const isPodman = value("libpod-api-version") !== "";
    return { engine: isPodman ? "Podman" : "Docker", api: value("api-version") };
  }

  /**
   * Returns all containers, those that have exited too.
   *
   * @throws {TenkError} why it does not answer, also for a list of more than `maxListBytes`
   */
  async list(signal?: AbortSignal): Promise<{ containers: Container[]; left: number }> {
    const { maxListBytes, maxContainers } = this.#options;
    const given = await this.#json("/containers/json?all=1", maxListBytes, signal);
    if (!Array.isArray(given)) throw unexpected(this.socket, "no list of containers");
    const containers = given.slice(0, maxContainers).flatMap((each) => listedContainer(each) ?? []);
    return { containers, left: Math.max(0, given.length - maxContainers) };
  }

  /**
   * Returns one container, by id or name; undefined where there is none.
   *
   * @throws {TenkError} why it does not answer
   */
  async inspect(idOrName: string, signal?: AbortSignal): Promise<Container | undefined> {
    try {
      const path = `/containers/${encodeURIComponent(idOrName)}/json`;
      return inspectedContainer(await this.#json(path, this.#options.maxContainerBytes, signal));
    } catch (error) {
      if (error instanceof TenkError && error.code === "not-found") return undefined;
      throw error;
    }
  }

  /**
   * Reports what becomes of containers and of their networks. Resolves after a day: then it is to be asked anew.
   *
   * @param take is called for each event; undefined is one that was too long to be read
   * @throws {TenkError} why the stream ended
   */
  async events(take: (event: EngineEvent | undefined) => void, signal: AbortSignal): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ type: ["container", "network"] }));
    const reader = new EventReader(take);
    const startedMs = performance.now();
    const options = {
      timeoutMs: LONGEST_STREAM_MS,
      maxBodyBytes: Number.MAX_SAFE_INTEGER,
      onBody: (bytes: Uint8Array) => reader.read(bytes),
    };
    try {
      await this.#ask(`/events?filters=${filters}`, options, signal);
    } catch (error) {
      if (performance.now() - startedMs >= LONGEST_STREAM_MS) return;
      throw error;
    }
    throw new TenkError("request-failed", `The container engine at ${this.socket} ended its stream of events`);
  }

  async #json(path: string, maxBodyBytes: number, signal: AbortSignal | undefined): Promise<unknown> {
    const { body } = await this.#ask(path, { maxBodyBytes }, signal);
    try {
      return JSON.parse(new TextDecoder().decode(body));
    } catch (error) {
      throw unexpected(this.socket, `no JSON (${messageOf(error)})`);
    }
  }

  async #ask(path: string, options: RequestOptions, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const response = await request(`unix:${this.socket}`, {
      path,
      timeoutMs: this.#options.timeoutMs,
      fields: { "user-agent": "tenk" },
      ...options,
      ...(signal && { signal }),
    });
    const { status } = response;
    if (status === 404) throw new TenkError("not-found", `The container engine at ${this.socket} knows no ${path}`);
    if (status !== 200) {
      const hint = status === 403 ? "a proxy of the socket must allow GET of /containers and /events" : undefined;
      throw new TenkError(
        "request-failed",
        `The container engine at ${this.socket} answers ${path.replace(/\?.*/, "")} with status ${status}`,
        hint === undefined ? {} : { hint },
      );
    }
    return response;
  }
}

function unexpected(socket: string, what: string): TenkError {
  return new TenkError("request-failed", `The container engine at ${socket} answers with ${what}: is it one?`);
}
