/** Layer 3: the certificates of every listener: the local CA, ACME, and the one store. */
export { type Clock, systemClock } from "./clock.ts";
export {
  type ChallengeResponses,
  type IssuedCertificate,
  IssueError,
  type IssueErrorOptions,
  type IssueRequest,
  type Issuer,
  type RenewalWindow,
} from "./issuer.ts";
export type {
  CertificateError,
  CertificateStatus,
  CertificateStore,
  Declaration,
  DeclaredTls,
  DeclareOptions,
  StoreOptions,
} from "./store/mod.ts";
