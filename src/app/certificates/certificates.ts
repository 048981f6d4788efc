import { join, resolve } from "node:path";
import { type Log, logOf } from "../../base/mod.ts";
import {
  AcmeIssuer,
  type AcmeOptions,
  type CertificateStore,
  isPublic,
  LocalCa,
  openCertificateStore,
} from "../../certificates/mod.ts";
import type { CertificatesConfig } from "./section.ts";

/** The certificates of all listeners, and the local CA that signs those of local names. */
export interface OpenCertificates {
  readonly store: CertificateStore;
  readonly localCa: LocalCa;
}

export interface CertificateSettings {
  readonly config: CertificatesConfig;
  readonly domain: string | undefined;
  /** The data folder; undefined keeps keys and certificates in memory. */
  readonly dataFolder: string | undefined;
  /** The folder that relative paths in the configuration are relative to. */
  readonly folder: string;
}

/**
 * Opens the store. Nothing is issued, and no key made, before a part declares a name.
 *
 * @throws {TenkError} `config` for options of ACME that cannot work
 */
export async function openCertificates(settings: CertificateSettings, log?: Log): Promise<OpenCertificates> {
  const { config, domain, dataFolder } = settings;
  const folder = dataFolder === undefined ? undefined : join(dataFolder, "certificates");
  const localDomains = domain === undefined || isPublic(domain) ? [] : [domain];
  const ofLog = log ?? logOf("certificates");
  const localCa = new LocalCa({ folder: folder && join(folder, "local"), domains: localDomains, log: ofLog });
  const store = await openCertificateStore({
    folder,
    local: localCa,
    ...(config.acme !== "off" && {
      acme: (challenges) => new AcmeIssuer(acmeOptions(settings, folder && join(folder, "acme")), challenges),
    }),
    localDomains,
    log: ofLog,
  });
  return { store, localCa };
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
    ...(dns && { dns: dnsOptions(dns) }),
    ...(externalAccount && { externalAccount }),
  };
}

function dnsOptions({
  command,
  timeout,
  wait,
}: NonNullable<CertificatesConfig["dns"]>): NonNullable<AcmeOptions["dns"]> {
  const [program = "", ...rest] = command;
  return {
    command: [program, ...rest],
    ...(timeout !== undefined && { commandMs: timeout }),
    ...(wait !== undefined && { waitMs: wait }),
  };
}
