import { AcmeError } from "./error.ts";

/** Bounds of an ACME client: what a slow, broken or hostile CA can cost. */
export interface AcmeLimits {
  /** For one request and its answer. @default {30000} */
  requestMs: number;
  /** Of an answer; a longer one is an error. @default {262144} */
  maxBodyBytes: number;
  /** Tries of one request that the CA answers with badNonce, each with a fresh nonce. @default {25} */
  maxNonceTries: number;
  /** Tries of one request while the CA cannot be reached, answers 5xx, or 429 with a short Retry-After. @default {4} */
  maxTries: number;
  /** The first wait between such tries; it doubles. @default {500} */
  retryMs: number;
  /** The longest Retry-After that is waited for inside an order; a longer one ends the order, and the next begins later. @default {30000} */
  maxRetryAfterMs: number;
  /** The first wait for a state to change; it grows by half. @default {250} */
  pollMs: number;
  /** The longest wait between two reads of a state. @default {10000} */
  maxPollMs: number;
  /** For the CA to validate the challenges of an order. @default {120000} */
  validationMs: number;
  /** For the CA to make the certificate. @default {120000} */
  finalizeMs: number;
  /** Names of a certificate. @default {100} */
  maxNames: number;
  /** Alternate chains that are downloaded when a preferred one is asked for. @default {5} */
  maxAlternates: number;
  /** The CA's directory is read again after this time. @default {86400000} */
  directoryMs: number;
}

export const ACME_DEFAULTS: Readonly<AcmeLimits> = {
  requestMs: 30_000,
  maxBodyBytes: 256 * 1024,
  maxNonceTries: 25,
  maxTries: 4,
  retryMs: 500,
  maxRetryAfterMs: 30_000,
  pollMs: 250,
  maxPollMs: 10_000,
  validationMs: 120_000,
  finalizeMs: 120_000,
  maxNames: 100,
  maxAlternates: 5,
  directoryMs: 86_400_000,
};

/** CAs by a short name. Let's Encrypt's staging has high rate limits, and certificates that no browser trusts. */
export const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: "https://acme-v02.api.letsencrypt.org/directory",
  "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
  zerossl: "https://acme.zerossl.com/v2/DV90",
  google: "https://dv.acme-v02.api.pki.goog/directory",
};

/** An account at the CA that the ACME account is bound to (RFC 8555 §7.3.4): ZeroSSL and Google ask for it. */
export interface ExternalAccount {
  keyId: string;
  /** The MAC key as the CA shows it, in base64url. */
  macKey: string;
}

/** Which CA, and as whom. */
export interface AcmeAccountOptions {
  /** The directory's URL, or one of the names of `DIRECTORIES`. @default {"letsencrypt"} */
  directory?: string;
  /** Who signs the certificate of the directory's own server, as a file or PEM text: for a CA of one's own. @default the system's list */
  ca?: string;
  /** The CA may write here before a certificate expires. */
  email?: string;
  externalAccount?: ExternalAccount;
  /** Keeps the account's private key, as a file with mode 0600. @default in memory only */
  folder?: string | undefined;
  limits?: Partial<AcmeLimits>;
}

/** Returns the URL of a directory that is given by a name or a URL. @throws {AcmeError} step `directory` */
export function directoryUrlOf(directory: string): string {
  const url = Object.hasOwn(DIRECTORIES, directory) ? DIRECTORIES[directory]! : directory;
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: "", hostname: "" };
  // In the clear only for a CA on this machine: whoever can change its answers decides whom we prove our names to.
  const isLocal = hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname);
  if (protocol === "https:" || (protocol === "http:" && isLocal)) return url;
  const fix = `expected an https URL or one of ${Object.keys(DIRECTORIES).join(", ")}`;
  throw new AcmeError("directory", JSON.stringify(directory.slice(0, 200)), "it is not a URL of https", { fix });
}
