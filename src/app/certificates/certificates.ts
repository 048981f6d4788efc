import { resolve } from "node:path";
import { type Log, logOf } from "../../base/mod.ts";
import {
  AcmeIssuer,
  type AcmeOptions,
  CA_PATHS,
  type CaCertificates,
  type CertificateStatus,
  type CertificateStore,
  type ChallengeResponses,
  certificateFolders,
  type Declaration,
  LocalCa,
  localDomainsOf,
  openCertificateStore,
  respondForCa,
} from "../../certificates/mod.ts";
import type { Metric } from "../../metrics/mod.ts";
import { type Certificates, readSecret, type SitePage } from "../../part/mod.ts";
import type { CertificatesConfig } from "./section.ts";

export interface CertificateSettings {
  readonly config: CertificatesConfig;
  readonly domain: string | undefined;
  /** The data folder; undefined keeps keys and certificates in memory. */
  readonly dataFolder: string | undefined;
  /** The folder that relative paths in the configuration are relative to. */
  readonly folder: string;
  /** Another process still orders and renews: `thaw` follows. @default {false} */
  readonly startsFrozen?: boolean | undefined;
}

/**
 * The certificates of all listeners. The store is opened when a part first declares a name: without one there is no file, no key
 * and no memory for it.
 */
export class InstanceCertificates implements Certificates {
  readonly localCa: LocalCa;
  readonly #open: () => Promise<CertificateStore>;
  #opening: Promise<CertificateStore> | undefined;
  #store: CertificateStore | undefined;
  /** As it was when certificates last changed; undefined where it has signed nothing, or cannot be read. */
  #ca: CaCertificates | undefined;
  #isFrozen: boolean;

  constructor(settings: CertificateSettings, log: Log = logOf("certificates")) {
    const { config, domain, dataFolder, startsFrozen = false } = settings;
    this.#isFrozen = startsFrozen;
    const folders = dataFolder === undefined ? undefined : certificateFolders(dataFolder);
    const localDomains = localDomainsOf(domain, config.local);
    this.localCa = new LocalCa({ folder: folders?.ca, domains: localDomains, log });
    const acme = (challenges: ChallengeResponses) => new AcmeIssuer(acmeOptions(settings, folders?.acme), challenges);
    this.#open = () =>
      openCertificateStore({
        folder: folders?.issued,
        local: this.localCa,
        ...(config.acme !== "off" && { acme }),
        localDomains,
        log,
        startsFrozen: this.#isFrozen,
      });
  }

  /** @throws {TenkError} `config` for a name that no certificate can have, or options of ACME that cannot work */
  async declare(...[names, options]: Parameters<CertificateStore["declare"]>): Promise<Declaration> {
    this.#opening ??= this.#open();
    this.#store = await this.#opening;
    const changed: typeof options.changed = async (declaration) => {
      // A certificate of a new intermediate tells of it.
      await this.#readCa(names);
      await options.changed(declaration);
    };
    const declaration = await this.#store.declare(names, { ...options, changed });
    await this.#readCa(names);
    return declaration;
  }

  caPages(url: string): Readonly<Record<string, SitePage>> {
    const ca = this.#ca;
    if (ca === undefined) return {};
    return Object.fromEntries(CA_PATHS.map((path) => [`/ca${path}`, respondForCa(path, ca, url)!]));
  }

  /** PEM of the local CA's root; undefined where it has signed nothing. */
  get localRoot(): string | undefined {
    return this.#ca?.root;
  }

  /** Without names there may be no CA, and none is made for a page about it. */
  async #readCa(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    // Whoever issues logs why it cannot be read.
    this.#ca = await this.localCa.certificates().catch(() => undefined);
  }

  httpChallenges(): Readonly<Record<string, string>> {
    return this.#store?.httpChallenges() ?? {};
  }

  status(): CertificateStatus[] {
    return this.#store?.status() ?? [];
  }

  get metrics(): readonly Metric[] {
    return this.#store?.metrics ?? [];
  }

  /** Orders and renews nothing until `thaw`. */
  async freeze(): Promise<void> {
    this.#isFrozen = true;
    await this.#opening;
    await this.#store?.freeze();
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#store?.thaw();
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}

function acmeOptions({ config, folder }: CertificateSettings, accountFolder: string | undefined): AcmeOptions {
  const { acme, email, ca, profile, preferredChain, challenges, dns, externalAccount } = config;
  return {
    directory: acme,
    folder: accountFolder,
    ...(email !== undefined && { email }),
    ...(ca !== undefined && { ca: ca.includes("-----BEGIN ") ? ca : resolve(folder, ca) }),
    ...(profile !== undefined && { profile }),
    ...(preferredChain !== undefined && { preferredChain }),
    ...(challenges && { challenges }),
    ...(dns && { dns: dnsOptions(dns, folder) }),
    ...(externalAccount && {
      externalAccount: { keyId: externalAccount.keyId, macKey: macKeyOf(externalAccount, folder) },
    }),
  };
}

function macKeyOf({ macKey, macKeyFile }: NonNullable<CertificatesConfig["externalAccount"]>, folder: string): string {
  const setting = "certificates.externalAccount.macKey";
  return readSecret({ value: macKey, file: macKeyFile }, { setting, folder })!;
}

/** `./dns.sh` is a file beside the configuration, `nsupdate` one of PATH. */
function dnsOptions(
  { command, timeout, wait }: NonNullable<CertificatesConfig["dns"]>,
  folder: string,
): NonNullable<AcmeOptions["dns"]> {
  const [program = "", ...rest] = command;
  return {
    command: [program.includes("/") ? resolve(folder, program) : program, ...rest],
    ...(timeout !== undefined && { commandMs: timeout }),
    ...(wait !== undefined && { waitMs: wait }),
  };
}
