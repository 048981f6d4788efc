import { TenkError } from "../../base/mod.ts";
import { addressesByMac, type ClientConfig, type ClientRules, resolveClients } from "../client-rules/mod.ts";
import { BlockingPause } from "./blocking-pause.ts";

export interface HouseClientsOptions {
  readonly clients: () => Readonly<Record<string, ClientConfig>>;
  /** Returns the addresses of the clients with a name. */
  readonly addressesOf: (name: string) => readonly string[];
  /** Returns the mask of lists; of all that hold for everybody where none are given. */
  readonly maskOf: (lists: readonly string[] | undefined) => number;
  readonly isBlocking: () => boolean;
  /** Called when other rules hold. */
  readonly changed: () => void;
}

const MAX_PAUSED = 100;

/** What holds for some clients now: hours begin and end, clients get other addresses, and blocking is paused for one of them. */
export class HouseClients {
  readonly #options: HouseClientsOptions;
  /** By address. */
  readonly #pauses = new Map<string, BlockingPause>();
  /** The rules as they were taken last, as JSON. */
  #taken: string | undefined;

  constructor(options: HouseClientsOptions) {
    this.#options = options;
  }

  /** Clients for which blocking is paused alone, by address. */
  get pauses(): ReadonlyMap<string, BlockingPause> {
    return this.#pauses;
  }

  /**
   * Pauses blocking for one client, or resumes it where `ms` is 0.
   *
   * @throws {TenkError} `usage` where it is paused for too many others
   */
  pause(address: string, ms: number): void {
    const known = this.#pauses.get(address);
    if (known === undefined && this.#pauses.size >= MAX_PAUSED)
      throw new TenkError("usage", `Cannot pause blocking for more than ${MAX_PAUSED} clients`);
    const pause =
      known ??
      new BlockingPause(() => {
        if (!pause.isOn) this.#pauses.delete(address);
        this.#options.changed();
      });
    this.#pauses.set(address, pause);
    pause.set(ms);
  }

  /** Returns the rules as they are now, for all threads. */
  take(): ClientRules[] {
    const rules = this.#rules();
    this.#taken = JSON.stringify(rules);
    return rules;
  }

  /** Looks whether other rules hold by now. */
  look(): void {
    if (this.#taken !== undefined && JSON.stringify(this.#rules()) !== this.#taken) this.#options.changed();
  }

  stop(): void {
    for (const pause of this.#pauses.values()) pause.stop();
  }

  #rules(): ClientRules[] {
    const { clients, addressesOf, maskOf, isBlocking } = this.#options;
    const paused = [...this.#pauses.keys()];
    const sources = { neighbours: addressesByMac, addressesOf, maskOf, isBlocking: isBlocking(), now: new Date() };
    const rules = resolveClients(clients(), sources);
    if (paused.length === 0) return rules;
    return [{ name: "", ranges: paused, lists: maskOf(undefined), isPaused: true }, ...rules];
  }
}
