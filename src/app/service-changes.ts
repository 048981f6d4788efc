import { type Log, messageOf } from "../base/mod.ts";
import { type OfferedService, OfferedServices, type RefusedOffer } from "../part/mod.ts";
import { type LoadedConfig, withServices } from "./config/mod.ts";
import { checkParts } from "./running-parts.ts";
import { withOffered } from "./services/mod.ts";

/** @param isOfServices nothing but services has changed */
type Change = (loaded: LoadedConfig, isOfServices: boolean) => Promise<void>;

/**
 * The services of the configuration together with those that are offered while it runs. A change of either is a reload; reloads wait for
 * each other.
 */
export class ServiceChanges {
  readonly offered: OfferedServices;
  readonly #log: Log;
  #declared: LoadedConfig;
  #offers: readonly OfferedService[] = [];
  #change: Change | undefined;
  readonly #isUp = Promise.withResolvers<void>();
  #last: Promise<unknown> = this.#isUp.promise;

  constructor(declared: LoadedConfig, log: Log) {
    this.#declared = declared;
    this.#log = log;
    this.offered = new OfferedServices((services) => this.#queue(() => this.#offer(services)));
  }

  /** Begins to apply changes: everything runs. @param change reloads all parts, or throws and leaves them as they were */
  begin(change: Change): void {
    this.#change = change;
    this.#isUp.resolve();
  }

  /** Applies another configuration. @throws {TenkError} what is wrong with it; then nothing has changed */
  reload(next: LoadedConfig): Promise<void> {
    return this.#queue(async () => {
      // The user's own mistakes are his: they are not laid to what was found.
      checkParts(next);
      const offers = next.config.containers === undefined ? [] : this.#offers;
      await this.#apply(next, offers, false);
      this.#declared = next;
      this.#log.info("reloaded", { file: next.file });
    });
  }

  async #offer(offers: readonly OfferedService[]): Promise<void> {
    const before = namesOf(this.#offers, this.offered.refused);
    await this.#apply(this.#declared, offers, true);
    const after = namesOf(this.#offers, this.offered.refused);
    const [added, removed] = [
      after.filter((name) => !before.includes(name)),
      before.filter((name) => !after.includes(name)),
    ];
    const listed = (names: readonly string[]) => (names.length > 0 ? names.slice(0, 10).join(" ") : undefined);
    this.#log.info("services of containers changed", {
      services: after.length,
      added: listed(added),
      removed: listed(removed),
    });
  }

  async #apply(declared: LoadedConfig, offers: readonly OfferedService[], isOfServices: boolean): Promise<void> {
    const { loaded, refused } = joined(declared, offers);
    await this.#change!(loaded, isOfServices);
    this.#offers = offers;
    const before = new Set(this.offered.refused.map(({ container, reason }) => container + reason));
    this.offered.refused = refused;
    for (const { container, name, reason } of refused)
      if (!before.has(container + reason))
        this.#log.warn("service of a container refused", { container, service: name, reason });
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Joins declared and offered services. What a part refuses of the offered ones is left out: one container must not hold up the others. */
function joined(
  declared: LoadedConfig,
  offers: readonly OfferedService[],
): { readonly loaded: LoadedConfig; readonly refused: readonly RefusedOffer[] } {
  const { domain } = declared.config;
  const of = (some: readonly OfferedService[]) => {
    const { services, refused } = withOffered(declared.services, some, domain);
    return { loaded: withServices(declared, services), refused };
  };
  const all = of(offers);
  try {
    if (offers.length > 0) checkParts(all.loaded);
    return all;
  } catch {
    const reasons = offers.map((each) => reasonAgainst(of([each]).loaded));
    const fine = of(offers.filter((_, at) => reasons[at] === undefined));
    const more = offers.flatMap(({ name, container }, at) => {
      const reason = reasons[at];
      return reason === undefined ? [] : [{ name, container, reason }];
    });
    return { loaded: fine.loaded, refused: [...fine.refused, ...more] };
  }
}

function reasonAgainst(loaded: LoadedConfig): string | undefined {
  try {
    checkParts(loaded);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function namesOf(offers: readonly OfferedService[], refused: readonly RefusedOffer[]): string[] {
  const out = new Set(refused.map(({ name, container }) => `${name} ${container}`));
  return offers.filter(({ name, container }) => !out.has(`${name} ${container}`)).map(({ name }) => name);
}
