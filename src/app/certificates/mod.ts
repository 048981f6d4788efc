/** The `certificates:` section, and the store that it describes. */
export { InstanceCertificates } from "./certificates.ts";
export { CERTIFICATES_SCHEMA, type CertificatesConfig } from "./section.ts";
