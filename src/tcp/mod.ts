/** Layer 5: what tenk itself does with raw connections, and `tcp:` of the configuration, the part that serves them. */
export { type DumpFormat, type DumpOptions, dumping } from "./dump/mod.ts";
export { default as echo } from "./echo.ts";
export { type BuiltIn, HANDLERS } from "./handlers.ts";
export type { ListenerConfig } from "./listeners/mod.ts";
export { dumpedUrl } from "./module/mod.ts";
export type { ListenerStatus, RelayStatus, TargetView, TcpView } from "./monitoring/mod.ts";
export { tcp } from "./part.ts";
export {
  RELAY_BALANCES,
  RELAY_DEFAULTS,
  type RelayBalance,
  type RelayOptions,
  type RelayReport,
  type RelayTarget,
  relay,
  relaySettings,
} from "./relay/mod.ts";
export { default as sink } from "./sink.ts";
