/** Layer 4: what parts with listeners share: sections of their configuration, where they listen, start, reload and stop. */
export type { Difference } from "./change.ts";
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
export { type DesiredListener, logFields, type RunningListener, startListener } from "./listener.ts";
export { type ListenerKind, ListenerSet, type ListenerSetOptions } from "./listener-set.ts";
export {
  acceptOptions,
  bufferOptions,
  handshakeOptions,
  limitOptions,
  pemOption,
  serverTlsOptions,
} from "./options.ts";
export { type Choice, listenAtFirst, privilegeFix } from "./port-choice.ts";
