/** Layer 4: what parts with listeners share: sections of their configuration, where they listen, start, reload and stop. */
export { ACCEPT_ABOUT, BUFFER_ABOUT, HANDSHAKE_ABOUT } from "./about.ts";
export { type Difference, isSame, optionsDifference } from "./change.ts";
export type { CertificateNeeds } from "./declared-certificates.ts";
export {
  acceptFields,
  bufferFields,
  certificateFields,
  handshakeFields,
  type LimitsConfig,
  limits,
  type ServerTlsConfig,
  serverTls,
  tlsVersion,
  workers,
} from "./fields.ts";
export { type DesiredListener, listeningOf, logFields, type RunningListener, startListener } from "./listener.ts";
export type { Circumstances, ListenerKind } from "./listener-kind.ts";
export { ListenerSet, type ListenerSetOptions } from "./listener-set.ts";
export { certifiableNames, machineNames } from "./machine-names.ts";
export {
  acceptOptions,
  bufferOptions,
  commonTlsOptions,
  handshakeOptions,
  isAutomatic,
  limitOptions,
  pemOption,
  serverTlsOptions,
} from "./options.ts";
export { type Choice, listenAtFirst, privilegeFix } from "./port-choice.ts";
