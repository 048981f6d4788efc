import { type Log, messageOf } from "../../base/mod.ts";
import { type MulticastSocket, openMulticast } from "../../net/mod.ts";
import type { MdnsCounts } from "./counts.ts";
import { isOnNetworks, type LinkInterface, linkInterfaces, ownAddresses } from "./interfaces.ts";
import { MDNS_PORT } from "./link.ts";
import { type NameInUse, Responder } from "./responder.ts";
import type { Sender } from "./transport.ts";
import type { Published } from "./zone.ts";

const IPV4_GROUP = "224.0.0.251";
const IPV6_GROUP = "ff02::fb";
/** Fits into one frame of Ethernet by both protocols. */
const MAX_BYTES = 1440;
/** Most of the names, of services and of hosts. */
const MAX_NAMES = 1024;

export interface MdnsOptions {
  readonly log: Log;
  /** Returns what is to be published now; read again at each look. */
  readonly published: () => Published;
  readonly counts?: MdnsCounts;
  /** Names of interfaces. @default {all that have multicast} */
  readonly interfaces?: readonly string[] | undefined;
  /** @default {16} */
  readonly maxInterfaces?: number;
  /** How often interfaces and addresses are looked at. @default {2000} */
  readonly lookMs?: number;
}

/** An interface as the status shows it. */
export interface MdnsInterfaceView {
  readonly name: string;
  readonly isIpv4: boolean;
  readonly isIpv6: boolean;
  readonly established: number;
  readonly probing: number;
}

/** The sockets of an interface, one for each protocol. */
interface OpenLink {
  found: LinkInterface;
  readonly sockets: [ipv4: MulticastSocket | undefined, ipv6: MulticastSocket | undefined];
}

/**
 * Speaks mDNS on all interfaces of this machine, with sockets and timers.
 *
 * ```text
 *   sockets ─► Responder ─► sockets        interfaces, every two seconds ─► sockets opened and closed
 *                 ▲ tick, when it is due
 * ```
 */
export class Mdns {
  readonly #options: MdnsOptions;
  readonly #responder: Responder;
  readonly #links = new Map<string, OpenLink>();
  /** Why a group could not be joined, as it was logged: by interface and group. */
  readonly #problems = new Map<string, string>();
  readonly #lookTimer: ReturnType<typeof setInterval>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();
  #published = "";
  #isStopped = false;

  private constructor(options: MdnsOptions) {
    this.#options = options;
    this.#responder = new Responder(options);
    this.#lookTimer = setInterval(() => void this.look(), options.lookMs ?? 2000);
    this.#lookTimer.unref();
  }

  /** Never fails: an interface that cannot be used is logged, and tried again. */
  static async start(options: MdnsOptions): Promise<Mdns> {
    const mdns = new Mdns(options);
    await mdns.look();
    if (mdns.#links.size === 0) options.log.info("mdns waits for an interface with multicast");
    return mdns;
  }

  names(): NameInUse[] {
    return this.#responder.names();
  }

  /** Returns the name of another machine; undefined while it is not known, which the first call asks for. */
  nameOf(address: string): string | undefined {
    return this.#responder.nameOf(address, now());
  }

  interfaces(): MdnsInterfaceView[] {
    return [...this.#links].map(([name, { sockets }]) => ({
      name,
      isIpv4: sockets[0] !== undefined,
      isIpv6: sockets[1] !== undefined,
      ...this.#responder.claimed(name),
    }));
  }

  /** Looks for other names and services, and for interfaces that came, went, or have other addresses. */
  look(): Promise<void> {
    // One after the other: sockets are opened and closed.
    this.#looking = this.#looking
      .then(() => this.#look())
      .catch((error) => this.#options.log.warn("mdns interfaces not read", { problem: messageOf(error) }));
    return this.#looking;
  }

  /** @param isSilent without a goodbye, since another process goes on with the names @default {false} */
  async stop(isSilent = false): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#lookTimer);
    clearTimeout(this.#timer);
    await this.#looking;
    if (!isSilent) this.#responder.stop();
    for (const name of [...this.#links.keys()]) this.#close(name);
  }

  async #look(): Promise<void> {
    if (this.#isStopped) return;
    this.#publish();
    const found = this.#wanted();
    this.#responder.setOwnAddresses(ownAddresses());
    for (const [name, link] of this.#links) {
      const current = found.find((each) => each.name === name);
      // An interface that was made again has another number, and its group is not joined.
      if (current?.number !== link.found.number) this.#left(name);
    }
    for (const each of found) await this.#follow(each);
    for (const key of this.#problems.keys())
      if (!found.some(({ name }) => key.startsWith(`${name} `))) this.#problems.delete(key);
    this.#arm();
  }

  #publish(): void {
    const { hosts, services } = this.#options.published();
    const text = JSON.stringify([hosts, services]);
    if (text === this.#published) return;
    this.#published = text;
    const left = Math.max(0, hosts.length + services.length - MAX_NAMES);
    if (left > 0) this.#options.log.warn("mdns names left out, there are too many", { left, max: MAX_NAMES });
    const kept = hosts.slice(0, MAX_NAMES);
    this.#responder.publish({ hosts: kept, services: services.slice(0, MAX_NAMES - kept.length) }, now());
  }

  #wanted(): LinkInterface[] {
    const { interfaces, maxInterfaces = 16 } = this.#options;
    const found = linkInterfaces();
    return found.filter(({ name }) => interfaces?.includes(name) ?? true).slice(0, maxInterfaces);
  }

  async #follow(found: LinkInterface): Promise<void> {
    const link = this.#links.get(found.name) ?? { found, sockets: [undefined, undefined] };
    await this.#join(link, 0, found, found.hasIpv4 ? IPV4_GROUP : undefined);
    await this.#join(link, 1, found, found.hasIpv6 ? IPV6_GROUP : undefined);
    if (this.#isStopped) return closeSockets(link);
    const isNew = !this.#links.has(found.name);
    const hasChanged = String(link.found.addresses) !== String(found.addresses);
    link.found = found;
    if (link.sockets.every((socket) => socket === undefined)) {
      if (!isNew) this.#left(found.name);
    } else if (isNew) this.#joined(link);
    else if (hasChanged) this.#responder.changeLink(found.name, found.addresses, now());
  }

  #joined(link: OpenLink): void {
    const { name, addresses } = link.found;
    this.#links.set(name, link);
    const isOnLink = (address: string) => isOnNetworks(address, link.found.networks);
    this.#responder.addLink(
      { name, addresses, isOnLink, senders: [0, 1].map((index) => senderOf(link, index)) },
      now(),
    );
    this.#options.log.info("mdns interface joined", { interface: name });
  }

  #left(name: string): void {
    this.#responder.removeLink(name);
    this.#close(name);
    this.#options.log.info("mdns interface left", { interface: name });
  }

  #close(name: string): void {
    const link = this.#links.get(name);
    this.#links.delete(name);
    if (link !== undefined) closeSockets(link);
  }

  /** @param group undefined: the interface has no address of this family */
  async #join(link: OpenLink, index: number, { name }: LinkInterface, group: string | undefined): Promise<void> {
    const open = link.sockets[index];
    if (group === undefined) {
      open?.close();
      link.sockets[index] = undefined;
      return;
    }
    if (open !== undefined) return;
    const key = `${name} ${group}`;
    try {
      link.sockets[index] = await openMulticast({
        group,
        port: MDNS_PORT,
        interface: name,
        received: (bytes, address, port) => {
          this.#responder.receive(name, index, bytes, { address, port }, now());
          this.#arm();
        },
      });
      this.#problems.delete(key);
    } catch (error) {
      const problem = messageOf(error);
      if (this.#problems.get(key) === problem) return;
      this.#problems.set(key, problem);
      this.#options.log.warn("mdns interface not joined", { interface: name, problem });
    }
  }

  /** Does what is due, and waits for the next. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const nowMs = now();
    if (this.#responder.dueMs <= nowMs) this.#responder.tick(nowMs);
    const waitMs = this.#responder.dueMs - nowMs;
    if (waitMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#arm(), Math.max(1, waitMs));
    this.#timer.unref();
  }
}

/** Milliseconds that a change of the clock does not touch. */
function now(): number {
  return performance.now();
}

function senderOf(link: OpenLink, index: number): Sender {
  return {
    maxBytes: MAX_BYTES,
    get isOpen() {
      return link.sockets[index] !== undefined;
    },
    send: (bytes, to) => link.sockets[index]?.send(bytes, to?.address, to?.port) ?? false,
  };
}

function closeSockets({ sockets }: OpenLink): void {
  for (const [index, socket] of sockets.entries()) {
    socket?.close();
    sockets[index] = undefined;
  }
}
