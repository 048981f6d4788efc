/** The one certificate store: declared names, files, renewal, status. */
export type {
  CertificateError,
  CertificateStatus,
  CertificateStore,
  Declaration,
  DeclaredTls,
  DeclareOptions,
  StoreOptions,
} from "./contract.ts";
export { openCertificateStore } from "./store.ts";
