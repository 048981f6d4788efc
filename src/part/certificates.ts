import type { ServerTlsOptions } from "../net/mod.ts";
import type { SitePage } from "./own-resolver.ts";

/** The certificates of all listeners, as parts use them. The store in `certificates/` is one. */
export interface Certificates {
  /**
   * Declares the names of one listener, and resolves when they can be served. A reload declares the new names first, and closes
   * the former declaration when it commits.
   *
   * @throws {TenkError} `config` for a name that no certificate can have
   */
  declare(
    names: readonly string[],
    options: {
      /** Of the listener, for log lines. */
      readonly owner: string;
      /** Called when other certificates, or other responses to challenges, are to be served. */
      changed(declaration: CertificateDeclaration): void | Promise<void>;
    },
  ): Promise<CertificateDeclaration>;
  /** Responses to ACME's HTTP challenges, by token. */
  httpChallenges(): Readonly<Record<string, string>>;
  /**
   * Returns the page that explains how devices come to trust the local CA, and the files for it, by path. Nothing of it is secret.
   * Empty where no name was declared yet, and where the CA cannot be read.
   *
   * @param url of the page, as other devices reach it: `http://box.local/ca`
   */
  caPages(url: string): Readonly<Record<string, SitePage>>;
}

export interface CertificateDeclaration {
  /** The current ones. */
  readonly tls: Pick<ServerTlsOptions, "cert" | "key" | "names" | "challenges">;
  close(): void;
}
