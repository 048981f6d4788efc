/** Layer 3: the certificates of every listener: the local CA, ACME, and the one store. */
export {
  ACME_DEFAULTS,
  AcmeError,
  AcmeIssuer,
  type AcmeLimits,
  type AcmeOptions,
  CHALLENGE_KINDS,
  type ChallengeKind,
  DIRECTORIES,
  type DnsCommandOptions,
  type ExternalAccount,
} from "./acme/mod.ts";
export { CA_PATHS, type CaResponse, qrCodeSvg, respondForCa } from "./ca-page/mod.ts";
export { type Clock, systemClock } from "./clock.ts";
export { type CertificateFolders, certificateFolders, localDomainsOf } from "./folders.ts";
export {
  type ChallengeResponses,
  type IssuedCertificate,
  IssueError,
  type IssueErrorOptions,
  type IssueRequest,
  type Issuer,
  type RenewalWindow,
} from "./issuer.ts";
export { type CaCertificates, LocalCa, type LocalCaOptions, signItself } from "./local/mod.ts";
export { checkedName, isAddress, isPublic } from "./names.ts";
export {
  type CertificateError,
  type CertificateStatus,
  type CertificateStore,
  type Declaration,
  type DeclaredTls,
  type DeclareOptions,
  openCertificateStore,
  type StoreOptions,
} from "./store/mod.ts";
export {
  installInBrowsers,
  installInSystem,
  type Machine,
  removeFromBrowsers,
  removeFromSystem,
  type TrustedRoot,
  type TrustResult,
  thisMachine,
} from "./trust/mod.ts";
