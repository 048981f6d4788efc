/** ACME: certificates of public CAs, by a small client of our own (RFC 8555, 8737, 8738, 9773). */
export { CHALLENGE_KINDS, type ChallengeKind, type DnsCommandOptions } from "./challenges/mod.ts";
export { AcmeError, type AcmeStep } from "./error.ts";
export { AcmeIssuer, type AcmeOptions } from "./issuer.ts";
export {
  ACME_DEFAULTS,
  type AcmeAccountOptions,
  type AcmeLimits,
  DIRECTORIES,
  type ExternalAccount,
} from "./options.ts";
export { type Problem, problemText } from "./problem.ts";
