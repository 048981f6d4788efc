import type { Log } from "../../base/mod.ts";
import type { Certificates, OwnResolver, WebPorts } from "../../part/mod.ts";
import type { Store } from "../../store/mod.ts";

export interface ServerOptions {
  readonly dataFolder: string | undefined;
  /** Keeps the query log. */
  readonly store: Store | undefined;
  readonly certificates: Certificates;
  /** Shared with whoever serves HTTPS. */
  readonly site: OwnResolver;
  readonly autoPort: boolean;
  readonly log: Log;
  readonly webPorts: () => WebPorts;
  /** Another process still owns the data folder, and speaks mDNS. @default {false} */
  readonly startsFrozen?: boolean | undefined;
}
