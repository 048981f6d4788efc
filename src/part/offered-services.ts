import type { Service } from "./services.ts";

/** A service that no file declares: a part has found it, such as by the labels of a container. */
export interface OfferedService {
  readonly name: string;
  /** The container that it comes from. */
  readonly container: string;
  /** As a section of `services:` is written. */
  readonly section: Readonly<Record<string, unknown>>;
  /** What its keys begin with where they were written: `tenk.`. */
  readonly prefix: string;
}

/** One that is not served, and why. */
export interface RefusedOffer {
  readonly name: string;
  readonly container: string;
  /** Where it was written, what was expected and what was found. */
  readonly reason: string;
}

/** What is known of the container behind a service, beside what its probes find out. */
export interface ContainerNote {
  /** Words for people: `container web exited with 137: out of memory (docker logs web)`. */
  readonly text: string;
  /** It cannot serve, whatever accepts connections for it. */
  readonly isDown: boolean;
}

/**
 * Services that come and go while the instance runs. One part offers them, the application serves them together with the declared ones,
 * and the part that probes asks what is known of their containers. Each may be off, come with a reload and go with another.
 */
export class OfferedServices {
  /** Offered services that are not served. Set by the application. */
  refused: readonly RefusedOffer[] = [];
  #noteOf: ((service: Service) => ContainerNote | undefined) | undefined;
  readonly #apply: (services: readonly OfferedService[]) => Promise<void>;

  /** @param apply serves these services beside the declared ones, in place of all that were offered before */
  constructor(apply: (services: readonly OfferedService[]) => Promise<void>) {
    this.#apply = apply;
  }

  /**
   * Offers services in place of those before; connections of those that stay are not touched.
   *
   * @throws {TenkError} why none of it could be done; then all is as it was
   */
  offer(services: readonly OfferedService[]): Promise<void> {
    return this.#apply(services);
  }

  /** Called by the part that knows containers; undefined when it stops. */
  setNotes(noteOf: ((service: Service) => ContainerNote | undefined) | undefined): void {
    this.#noteOf = noteOf;
  }

  /** Returns what is wrong with the container behind a service; undefined where nothing is, or nothing is known. */
  noteOf(service: Service): ContainerNote | undefined {
    return this.#noteOf?.(service);
  }
}
