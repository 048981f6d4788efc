import { join } from "node:path";
import { isBelow, isPublic, LOCAL_DOMAINS } from "./names.ts";

/** Where an instance keeps what, below its data folder. */
export interface CertificateFolders {
  /** The local CA's keys. */
  readonly ca: string;
  /** Certificates in use, with their keys. */
  readonly issued: string;
  /** Accounts with public CAs. */
  readonly acme: string;
}

export function certificateFolders(dataFolder: string): CertificateFolders {
  const issued = join(dataFolder, "certificates");
  return { ca: join(issued, "local"), issued, acme: join(issued, "acme") };
}

/**
 * Returns the domains that a configuration adds to those of every local CA: its `domain` where that is not public, and those it
 * calls local.
 *
 * @param called local though they look public, such as `fritz.box`
 */
export function localDomainsOf(domain: string | undefined, called: readonly string[] = []): string[] {
  const own = domain === undefined || isPublic(domain, called) ? [] : [domain];
  return [...new Set([...own, ...called])].filter((each) => !LOCAL_DOMAINS.some((known) => isBelow(each, known)));
}
