import type { Log } from "../../base/mod.ts";
import type { WebPorts } from "../../part/mod.ts";
import { Mdns, type MdnsInterfaceView, type NameInUse, newMdnsCounts } from "../mdns/mod.ts";
import { publishedOf } from "./published.ts";
import type { ServerSettings } from "./settings.ts";

/** Multicast DNS as the configuration has it: on all interfaces, on some, or off. */
export class MdnsService {
  readonly counts = newMdnsCounts();
  readonly #log: Log;
  readonly #webPorts: () => WebPorts;
  #settings: ServerSettings | undefined;
  #mdns: Mdns | undefined;
  #last: Promise<void> = Promise.resolve();
  /** Another process speaks for this machine. */
  #isFrozen: boolean;

  /** @param webPorts ports of another part, which may start later @param startsFrozen begins as after `freeze` */
  constructor(log: Log, webPorts: () => WebPorts, startsFrozen = false) {
    this.#log = log;
    this.#webPorts = webPorts;
    this.#isFrozen = startsFrozen;
  }

  get isOn(): boolean {
    return this.#mdns !== undefined;
  }

  interfaces(): readonly MdnsInterfaceView[] {
    return this.#mdns?.interfaces() ?? [];
  }

  names(): readonly NameInUse[] {
    return this.#mdns?.names() ?? [];
  }

  /** Returns the name that a client has given itself; undefined while it is not known, which the first call asks for. */
  nameOf(address: string): string | undefined {
    return this.#mdns?.nameOf(address);
  }

  /** Publishes what the settings say, after what was asked for before. Does not fail. */
  follow(settings: ServerSettings): Promise<void> {
    this.#last = this.#last.then(() => this.#follow(settings));
    return this.#last;
  }

  async #follow(settings: ServerSettings): Promise<void> {
    const before = this.#settings?.config.mdns ?? false;
    const { mdns } = settings.config;
    this.#settings = settings;
    if (this.#isFrozen) return;
    if (String(mdns) === String(before)) return this.#mdns?.look();
    await this.#mdns?.stop();
    this.#mdns = undefined;
    await this.#start(mdns);
  }

  /** Falls silent without a goodbye: another process of this machine goes on with the names. */
  freeze(): Promise<void> {
    this.#last = this.#last.then(async () => {
      this.#isFrozen = true;
      await this.#mdns?.stop(true);
      this.#mdns = undefined;
    });
    return this.#last;
  }

  /** Claims the names (again). */
  thaw(): Promise<void> {
    this.#last = this.#last.then(async () => {
      this.#isFrozen = false;
      await this.#start(this.#settings?.config.mdns ?? false);
    });
    return this.#last;
  }

  async #start(mdns: ServerSettings["config"]["mdns"]): Promise<void> {
    if (mdns === false) return;
    this.#mdns = await Mdns.start({
      log: this.#log,
      counts: this.counts,
      interfaces: mdns === true ? undefined : mdns,
      published: () => publishedOf(this.#settings!.services, this.#webPorts()),
    });
  }

  /** Says goodbye. */
  async stop(): Promise<void> {
    await this.#last;
    await this.#mdns?.stop();
    this.#mdns = undefined;
  }
}
