/** X.509: DER, what the runtime reads of certificates, name constraints, PEM. */
export {
  type CertificateInfo,
  certificatesIn,
  infoOf,
  isChainOf,
  isKeyOf,
  readCertificate,
  splitPem,
} from "./chain.ts";
export {
  bitString,
  type Der,
  element,
  elements,
  integer,
  integerContent,
  objectId,
  octetString,
  sequence,
  set,
  TRUE,
  time,
} from "./der.ts";
export {
  constrainedDomains,
  constrainedDomainsOf,
  encodeNameConstraints,
  NAME_CONSTRAINTS,
  type NameConstraints,
} from "./name-constraints.ts";
export { pemOf } from "./pem.ts";
