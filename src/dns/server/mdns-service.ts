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

  /** @param webPorts ports of another part, which may start later */
  constructor(log: Log, webPorts: () => WebPorts) {
    this.#log = log;
    this.#webPorts = webPorts;
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
    if (String(mdns) === String(before)) return this.#mdns?.look();
    await this.#mdns?.stop();
    this.#mdns = undefined;
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
