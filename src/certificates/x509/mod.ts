/** X.509: the library that writes certificates, loaded when needed; what the runtime reads of them; keys and PEM. */
export {
  type CertificateInfo,
  certificatesIn,
  infoOf,
  isChainOf,
  isKeyOf,
  readCertificate,
  splitPem,
} from "./chain.ts";
export { ECDSA_P256, importPrivateKey, newKeys, pemOf, privateKeyPem } from "./keys.ts";
export { loadX509, type X509 } from "./load.ts";
export {
  constrainedDomains,
  constrainedDomainsOf,
  encodeNameConstraints,
  NAME_CONSTRAINTS,
  type NameConstraints,
} from "./name-constraints.ts";
