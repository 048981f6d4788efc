/** The local CA: root, intermediate, leaves. */
export { DAY_MS, EARLIEST_MS, HOUR_MS, renewalMs } from "./lifetimes.ts";
export { type CaCertificates, LocalCa, type LocalCaOptions, ROOT_CERTIFICATE_FILE } from "./local-ca.ts";
export { signItself } from "./sign.ts";
