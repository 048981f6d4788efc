import { createPrivateKey, randomBytes, type X509Certificate } from "node:crypto";
import { hostname } from "node:os";
import { type Log, logOf, messageOf } from "../../base/mod.ts";
import { type Clock, systemClock } from "../clock.ts";
import { PrivateFolder } from "../files.ts";
import { type IssuedCertificate, IssueError, type IssueRequest, type Issuer } from "../issuer.ts";
import { isAddress, isBelow, isPublic, LOCAL_DOMAINS, LOCAL_RANGES } from "../names.ts";
import {
  certificatesIn,
  constrainedDomainsOf,
  infoOf,
  isChainOf,
  isKeyOf,
  readCertificate,
  splitPem,
} from "../x509/mod.ts";
import {
  BACKDATED_MS,
  DAY_MS,
  EARLIEST_MS,
  INTERMEDIATE_LIFE_MS,
  LEAF_LIFE_MS,
  ROOT_LIFE_MS,
  renewalMs,
} from "./lifetimes.ts";
import { type Signed, signIntermediate, signLeaf, signRoot } from "./sign.ts";

const ROOT_FILE = "root-with-key.pem";
const INTERMEDIATE_FILE = "intermediate-with-key.pem";
/** The root without its key: what people install. */
export const ROOT_CERTIFICATE_FILE = "root.crt";

export interface LocalCaOptions {
  /** Has the keys: `root-with-key.pem`, `intermediate-with-key.pem`, and `root.crt` for people. Undefined: all is in memory. */
  readonly folder: string | undefined;
  /** Domains beside `LOCAL_DOMAINS` that a new root may sign for. They cannot be added to an existing one. @default {[]} */
  readonly domains?: readonly string[];
  /** In the root's name, so that two boxes can be told apart. @default the machine's */
  readonly hostname?: string;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** What may be shown of the CA. */
export interface CaCertificates {
  /** PEM */
  readonly root: string;
  readonly intermediate: string;
  /** Of the root, SHA-256: `AB:CD:…` */
  readonly fingerprint: string;
  /** `tenk local root 3f9a1c (nas)` */
  readonly commonName: string;
  readonly notAfterMs: number;
  /** The domains that the root may sign for. */
  readonly domains: readonly string[];
}

interface Authority extends Signed {
  readonly certificate: X509Certificate;
}

/**
 * The local CA, for names and addresses that no public one signs.
 *
 * ```text
 *   root, 10 years, only local names ─► intermediate, 90 days ─► leaf, 30 days ─► a listener
 *   installed by people once             renewed 30 days before    renewed by the store 10 days before its end
 * ```
 *
 * The root never changes by itself, since people would have to install it again: one that cannot be read, or has expired, is an error.
 */
export class LocalCa implements Issuer {
  readonly name = "local";
  readonly usesOurClock = true;
  readonly #options: Required<Pick<LocalCaOptions, "domains" | "hostname" | "clock" | "log">>;
  readonly #folder: PrivateFolder;
  #opening: Promise<void> | undefined;
  #root: Promise<Authority> | undefined;
  #intermediate: Promise<Authority> | undefined;

  constructor({ folder, domains = [], clock = systemClock, log = logOf("certificates"), ...more }: LocalCaOptions) {
    this.#options = { domains, clock, log, hostname: more.hostname ?? hostname() };
    this.#folder = new PrivateFolder(folder, log);
  }

  async issue({ names }: IssueRequest): Promise<IssuedCertificate> {
    const root = await this.#loadRoot();
    this.#requirePermitted(names, root);
    const intermediate = await this.#currentIntermediate(root);
    const validity = this.#validity(LEAF_LIFE_MS, intermediate);
    try {
      const signer = { cert: intermediate.cert, privateKey: createPrivateKey(intermediate.key) };
      const leaf = await signLeaf(names, validity, signer);
      return { cert: leaf.cert + intermediate.cert, key: leaf.key };
    } catch (error) {
      throw new IssueError("sign", `Cannot sign for ${names[0]}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** False for a certificate of another root, such as one that was replaced. */
  async isCurrent({ cert }: IssuedCertificate): Promise<boolean> {
    return isChainOf(cert, (await this.#loadRoot()).certificate);
  }

  /** Writes what is only in memory, once the disk takes it. */
  async retryWrites(): Promise<void> {
    if (this.#folder.hasUnwritten) await this.#folder.retry();
  }

  /**
   * Returns the CA's certificates, which are made when there are none.
   *
   * @throws {IssueError}
   */
  async certificates(): Promise<CaCertificates> {
    const root = await this.#loadRoot();
    const intermediate = await this.#currentIntermediate(root);
    return {
      root: root.cert,
      intermediate: intermediate.cert,
      fingerprint: root.certificate.fingerprint256,
      commonName: commonNameOf(root.certificate),
      notAfterMs: infoOf(root.certificate).notAfterMs,
      domains: constrainedDomainsOf(root.certificate),
    };
  }

  #loadRoot(): Promise<Authority> {
    // A failure is not kept: the next caller tries again.
    this.#root ??= this.#readOrMakeRoot().catch((error: unknown) => {
      this.#root = undefined;
      throw error;
    });
    return this.#root;
  }

  async #readOrMakeRoot(): Promise<Authority> {
    this.#opening ??= this.#folder.open();
    await this.#opening;
    const stored = await this.#readRootFile();
    const root = this.#rootIn(stored ?? (await this.#folder.writeOnce(ROOT_FILE, await this.#newRoot())));
    await this.#folder.write(ROOT_CERTIFICATE_FILE, root.cert);
    this.#warnBeforeEnd(root);
    if (stored === undefined) {
      const { fingerprint256: sha256 } = root.certificate;
      this.#options.log.info("local CA created", { root: commonNameOf(root.certificate), sha256, fix: "tenk trust" });
    }
    return root;
  }

  async #readRootFile(): Promise<string | undefined> {
    return this.#folder.read(ROOT_FILE).catch((error: unknown) => {
      throw new IssueError("read root", messageOf(error), { cause: error, fix: this.#rootFix() });
    });
  }

  #rootIn(text: string): Authority {
    const authority = authorityIn(text);
    if (authority !== undefined) return authority;
    const message = "The local CA's root cannot be used: its file has no certificate with its key";
    throw new IssueError("read root", message, { fix: this.#rootFix() });
  }

  #rootFix(): string {
    const file = `${this.#folder.path ?? ""}/${ROOT_FILE}`;
    return `restore ${file} from a backup, or remove it for a new root, restart tenk and run: tenk trust`;
  }

  async #newRoot(): Promise<string> {
    const { hostname, domains, clock } = this.#options;
    const host = hostname.replace(/[^\w.-]/g, "").slice(0, 30);
    const constraints = { domains: [...new Set([...LOCAL_DOMAINS, ...domains])], ranges: LOCAL_RANGES };
    // It begins before any clock that is right, so that no jump of ours makes it "not yet valid".
    const notAfterMs = Math.max(clock.now(), EARLIEST_MS) + ROOT_LIFE_MS;
    const name = `tenk local root ${randomBytes(3).toString("hex")}${host === "" ? "" : ` (${host})`}`;
    const { cert, key } = await signRoot(name, { notBeforeMs: EARLIEST_MS, notAfterMs }, constraints);
    return cert + key;
  }

  /** One call after the other, so that only one makes a new one. */
  #currentIntermediate(root: Authority): Promise<Authority> {
    const before = this.#intermediate?.catch(() => undefined) ?? Promise.resolve(undefined);
    this.#intermediate = before.then((current) =>
      current !== undefined && this.#isUsable(current, root) ? current : this.#readOrMakeIntermediate(root),
    );
    return this.#intermediate;
  }

  async #readOrMakeIntermediate(root: Authority): Promise<Authority> {
    const text = await this.#folder.read(INTERMEDIATE_FILE).catch(() => undefined);
    const stored = authorityIn(text ?? "");
    if (stored !== undefined && this.#isUsable(stored, root)) return stored;
    const constraints = { domains: constrainedDomainsOf(root.certificate), ranges: LOCAL_RANGES };
    const name = `tenk local intermediate ${randomBytes(3).toString("hex")}`;
    const signer = { cert: root.cert, privateKey: createPrivateKey(root.key) };
    const { cert, key } = await signIntermediate(name, this.#validity(INTERMEDIATE_LIFE_MS, root), constraints, signer);
    // What a clock of 1970 made must not replace what is good once the clock is set.
    if (this.#options.clock.now() >= EARLIEST_MS) await this.#folder.write(INTERMEDIATE_FILE, cert + key);
    return authorityIn(cert + key)!;
  }

  #isUsable(intermediate: Authority, root: Authority): boolean {
    const info = infoOf(intermediate.certificate);
    const nowMs = Math.max(this.#options.clock.now(), EARLIEST_MS);
    const isTimely = info.notBeforeMs <= nowMs && nowMs < renewalMs(info);
    return isTimely && isChainOf(intermediate.cert, root.certificate);
  }

  /** From a day ago, for `lifeMs`, but not longer than the certificate that signs. @throws {IssueError} once that has expired */
  #validity(lifeMs: number, { certificate }: Authority) {
    const nowMs = Math.max(this.#options.clock.now(), EARLIEST_MS);
    const { notAfterMs: lastMs } = infoOf(certificate);
    if (lastMs <= nowMs) {
      const message = `The local CA's root expired on ${new Date(lastMs).toISOString().slice(0, 10)}`;
      throw new IssueError("sign", message, { fix: this.#rootFix() });
    }
    const notBeforeMs = nowMs - BACKDATED_MS;
    return { notBeforeMs, notAfterMs: Math.min(notBeforeMs + lifeMs, lastMs) };
  }

  #requirePermitted(names: readonly string[], root: Authority): void {
    const domains = constrainedDomainsOf(root.certificate);
    const outside = names.find((name) =>
      isAddress(name) ? isPublic(name) : !domains.some((domain) => isBelow(name, domain)),
    );
    if (outside === undefined) return;
    throw new IssueError("check names", `The local CA's root may not sign for ${outside}`, {
      fix: isAddress(outside)
        ? "use a private address, or a public certificate"
        : `use a name below ${domains.join(", ")}; or set its domain, remove ${this.#folder.path ?? ""}/${ROOT_FILE}, restart and run: tenk trust`,
    });
  }

  #warnBeforeEnd({ certificate }: Authority): void {
    const { notAfterMs } = infoOf(certificate);
    const days = Math.floor((notAfterMs - this.#options.clock.now()) / DAY_MS);
    if (days < 365) this.#options.log.warn("local CA's root expires soon", { days, fix: this.#rootFix() });
  }
}

/** Returns the certificate and key of a CA's file; undefined where they do not belong together or cannot be read. */
function authorityIn(text: string): Authority | undefined {
  const parts = splitPem(text);
  if (parts === undefined) return undefined;
  try {
    const certificate = readCertificate(parts.cert);
    const isWhole = certificate.ca && isKeyOf(parts.key, certificate);
    return isWhole ? { cert: certificatesIn(parts.cert)[0]!, key: parts.key, certificate } : undefined;
  } catch {
    return undefined;
  }
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "";
}
