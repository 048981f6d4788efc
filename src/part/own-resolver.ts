import type { HeaderField } from "./services.ts";

/** A page, or a file, of the machine's own site. */
export interface SitePage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** What the part that answers DNS queries offers to the one that serves HTTPS. */
export interface ResolverOffer {
  /** DNS over HTTPS; undefined where it is off. */
  readonly doh: DohTarget | undefined;
  /**
   * Returns the page that explains how devices come to use this resolver, and its files, by path. Nothing of it is secret.
   *
   * @param url of the page, as other devices reach it: `http://box.local/dns`
   */
  pages(url: string): Readonly<Record<string, SitePage>>;
}

/** Where requests for DNS over HTTPS are led: HTTP/1.1 in the clear. `X-Forwarded-For` must be the client's address alone. */
export interface DohTarget {
  readonly path: string;
  /** `unix:@name` */
  readonly url: string;
  /** By which it knows that a request was led there by this process. Its value is a secret. */
  readonly header: HeaderField;
}

/** Where DNS over HTTPS is reached. */
export interface DohEntry {
  /** The address that is listened on. */
  readonly host: string;
  readonly port: number;
  /** Of the certificate, and of nobody's service at that path; the first is for other devices. */
  readonly name: string;
}

/**
 * The name server of this instance and its HTTPS listener, as they know of each other. Each is a part that may be off, come with a
 * reload and go with another.
 */
export class OwnResolver {
  #offer: ResolverOffer | undefined;
  #entry: DohEntry | undefined;
  readonly #offerListeners = new Set<() => void>();
  readonly #entryListeners = new Set<() => void>();

  /** Undefined while there is no name server. */
  get offer(): ResolverOffer | undefined {
    return this.#offer;
  }

  /** Undefined while HTTPS leads no query to the name server. */
  get entry(): DohEntry | undefined {
    return this.#entry;
  }

  /** Called by the name server when its offer changes; undefined when it stops. */
  setOffer(offer: ResolverOffer | undefined): void {
    this.#offer = offer;
    for (const changed of this.#offerListeners) changed();
  }

  /** Called by the HTTPS listener when it is reached elsewhere; undefined when it stops. */
  setEntry(entry: DohEntry | undefined): void {
    if (JSON.stringify(entry) === JSON.stringify(this.#entry)) return;
    this.#entry = entry;
    for (const changed of this.#entryListeners) changed();
  }

  /** @returns what ends that */
  onOffer(changed: () => void): () => void {
    this.#offerListeners.add(changed);
    return () => this.#offerListeners.delete(changed);
  }

  /** @returns what ends that */
  onEntry(changed: () => void): () => void {
    this.#entryListeners.add(changed);
    return () => this.#entryListeners.delete(changed);
  }
}
