import { accessSync, constants } from "node:fs";
import { type Log, messageOf, systemCodeOf, withHint } from "../base/mod.ts";
import { type Container, containerTrouble, EngineFollower, engineSockets } from "../containers/mod.ts";
import type { ContainerNote, OfferedService, OfferedServices, Service } from "../part/mod.ts";
import type { ContainersConfig } from "./config.ts";
import { Lifetimes, presenceOf } from "./lifetimes.ts";
import { type FoundOffers, findOffers } from "./offers.ts";
import { withoutTakenAddresses } from "./taken-addresses.ts";
import { TargetFinder } from "./target-finder.ts";

export interface ContainerServicesOptions {
  readonly config: ContainersConfig;
  readonly offered: OfferedServices;
  readonly log: Log;
  /** Names engines. @default {process.env} */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** How often engines are looked for that were not there. */
const LOOK_MS = 60_000;
/** Wait before services are offered again that could not be served. */
const AGAIN_MS = 15_000;
/** An engine that does not answer for so long after a start holds up no end of an alert. */
const FIRST_MS = 60_000;
/** A wait is not longer, so that a clock that was set back stops nothing for long. */
const MIN_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
const MAX_LOGGED = 1000;

/** Follows the engines of this machine, and offers the services that their containers declare. */
export class ContainerServices {
  readonly followers = new Map<string, EngineFollower>();
  readonly startedMs = Date.now();
  found: FoundOffers = { offers: [], problems: [], containersOf: new Map() };
  /** What is offered now: also services whose containers are on their way out. */
  offers: readonly OfferedService[] = [];
  readonly #offered: OfferedServices;
  readonly #log: Log;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #lifetimes = new Lifetimes();
  readonly #finder = new TargetFinder();
  #config: ContainersConfig;
  #looking: ReturnType<typeof setInterval> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  #isUpdating = false;
  #isOutdated = false;
  #applied = "[]";
  /** All engines were asked, and what they said is applied. */
  #isComplete = false;
  /** Published port of this machine → its container, also while that does not run. */
  #byPort = new Map<number, Container>();
  #logged = new Set<string>();
  readonly #refusedSockets = new Set<string>();

  constructor({ config, offered, log, env = process.env }: ContainerServicesOptions) {
    this.#config = config;
    this.#offered = offered;
    this.#log = log;
    this.#env = env;
  }

  /** Whether the services of containers are known: false after a start, until the engines were asked. */
  get isDecided(): boolean {
    if (this.#isComplete || Date.now() - this.startedMs > FIRST_MS) return true;
    return this.followers.size === 0;
  }

  start(): void {
    this.#look();
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.#looking.unref();
    this.#offered.setNotes((service) => this.noteOf(service));
  }

  change(config: ContainersConfig): void {
    this.#config = config;
    this.#look();
    void this.#update();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#looking);
    clearTimeout(this.#timer);
    for (const each of this.followers.values()) each.stop();
    this.#offered.setNotes(undefined);
  }

  /** Returns what is wrong with the container of a service, or with the one that publishes the port of a declared service. */
  noteOf(service: Service): ContainerNote | undefined {
    if (service.container !== undefined) return this.#noteOfOffered(service);
    const port = localPortOf(service.target);
    const container = port === undefined ? undefined : this.#byPort.get(port);
    const text = container && containerTrouble(container);
    // Another program may listen there while the container does not run; a paused one holds its port.
    return text === undefined ? undefined : { text, isDown: container?.state === "paused" };
  }

  #noteOfOffered({ name, container }: Service): ContainerNote | undefined {
    const own = this.found.containersOf.get(name);
    if (own === undefined) {
      const known = this.#containers().find((each) => each.name === container);
      return { text: (known && containerTrouble(known)) ?? `container ${container} was removed`, isDown: true };
    }
    const troubles = own.map(containerTrouble);
    const first = troubles.findIndex((text) => text !== undefined);
    if (first < 0 || troubles.includes(undefined)) return undefined;
    return { text: troubles[first]!, isDown: own.every(({ state }) => state !== "running") };
  }

  #look(): void {
    const { socket } = this.#config;
    const sockets = socket ?? engineSockets(this.#env).filter((path) => this.#mayRead(path));
    for (const [path, follower] of this.followers) {
      // One that is found by itself stays while its engine is away.
      if (socket === undefined || socket.includes(path)) continue;
      follower.stop();
      this.followers.delete(path);
    }
    for (const path of sockets) {
      if (this.followers.has(path)) continue;
      const onContainers = () => void this.#update();
      const follower = new EngineFollower({ socket: path, log: this.#log, onContainers });
      this.followers.set(path, follower);
      follower.start();
    }
  }

  #mayRead(path: string): boolean {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
      return true;
    } catch (error) {
      if (systemCodeOf(error) !== "EACCES" || this.#refusedSockets.has(path)) return false;
      this.#refusedSockets.add(path);
      const fix = "run tenk as root or in the group of the socket, or set containers: off";
      this.#log.info("container engine not followed: this user may not read its socket", { socket: path, fix });
      return false;
    }
  }

  #containers(): readonly Container[] {
    return [...this.followers.values()].flatMap(({ containers }) => containers);
  }

  /** One at a time: what changes meanwhile is looked at afterwards. */
  async #update(): Promise<void> {
    this.#isOutdated = true;
    if (this.#isUpdating) return;
    this.#isUpdating = true;
    let againMs = Number.POSITIVE_INFINITY;
    while (this.#isOutdated && !this.#isStopped) {
      this.#isOutdated = false;
      try {
        await this.#once();
      } catch (error) {
        againMs = AGAIN_MS;
        this.#logOnce(`${withHint(error)}`, () =>
          this.#log.warn("services of containers not changed", { error: messageOf(error), againMs: AGAIN_MS }),
        );
      }
    }
    this.#isUpdating = false;
    this.#plan(againMs);
  }

  async #once(): Promise<void> {
    const { grace, maxServices } = this.#config;
    const nowMs = Date.now();
    const isAway = [...this.followers.values()].some(({ lostMs }) => lostMs !== undefined);
    const all = this.#containers();
    const here = [...this.followers.values()].flatMap((follower) =>
      follower.containers.filter((each) => presenceOf(each, follower.wasStopped(each)) === "here"),
    );
    this.#indexPorts(all);
    this.#finder.keep(all);
    // A container that two sockets of one engine show is one.
    const once = [...new Map(here.map((each) => [each.id, each])).values()];
    const last = (name: string) => this.#lifetimes.last(name);
    const found = await findOffers(once, all, { finder: this.#finder, last, maxServices, nowMs });
    if (this.#isStopped) return;
    this.found = found;
    for (const { container, reason } of found.problems)
      this.#logOnce(`${container} ${reason}`, () =>
        this.#log.warn("labels of a container refused", { container, reason }),
      );
    const ownOf = (name: string) => found.containersOf.get(name) ?? [];
    this.offers = withoutTakenAddresses(this.#lifetimes.take(found.offers, nowMs, grace, isAway), all, ownOf);
    const isComplete = [...this.followers.values()].every(({ counts }) => counts.lists > 0);
    const text = JSON.stringify(this.offers);
    if (text !== this.#applied) await this.#offered.offer(this.offers);
    this.#applied = text;
    this.#isComplete ||= isComplete;
  }

  /** A container that does not run shows no ports in the list: those that it had are remembered. */
  #indexPorts(all: readonly Container[]): void {
    const before = new Map([...this.#byPort].map(([port, { id }]) => [port, id]));
    const byId = new Map(all.map((each) => [each.id, each]));
    const ports = new Map<number, Container>();
    for (const [port, id] of before) {
      const still = byId.get(id);
      if (still !== undefined && still.state !== "running") ports.set(port, still);
    }
    for (const each of all) if (each.state !== "running") for (const { port } of each.published) ports.set(port, each);
    for (const each of all) if (each.state === "running") for (const { port } of each.published) ports.set(port, each);
    this.#byPort = ports;
  }

  #plan(againMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const nextMs = Math.min(this.#lifetimes.nextMs(this.#config.grace), this.#finder.nextMs());
    const waitMs = Math.min(againMs, MAX_WAIT_MS, Math.max(MIN_WAIT_MS, nextMs - Date.now()));
    if (nextMs === Number.POSITIVE_INFINITY && againMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => void this.#update(), waitMs);
    this.#timer.unref();
  }

  #logOnce(key: string, log: () => void): void {
    if (this.#logged.has(key)) return;
    if (this.#logged.size >= MAX_LOGGED) this.#logged = new Set();
    this.#logged.add(key);
    log();
  }
}

/** Returns the port of a target on this machine; undefined for one elsewhere. */
function localPortOf(target: string | undefined): number | undefined {
  const url = target === undefined || target.startsWith("unix:") ? null : URL.parse(target);
  if (url === null || !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return undefined;
  return Number(url.port) || (url.protocol === "https:" ? 443 : url.protocol === "http:" ? 80 : undefined);
}
