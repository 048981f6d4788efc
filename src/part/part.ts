import type { z } from "zod";
import type { Log } from "../base/mod.ts";
import type { Family, Metric } from "../metrics/mod.ts";
import type { Address } from "./address.ts";
import type { Panel } from "./panel.ts";
import type { JsonRoutes } from "./routes.ts";
import type { Service } from "./services.ts";
import type { StatusLook, StatusTable } from "./status-table.ts";

/**
 * What runs under its own key of `tenk.yaml`. One folder in `src/` and one line in `app/parts.ts` add a part: its section of the
 * configuration, `tenk check`, defaults in the log, reload, `/api/status`, metrics, history, routes, a panel on the page and a
 * table in `tenk status` follow from this contract.
 *
 * ```text
 *   tenk.yaml ─► schema ─► addresses, check ─► start ─► Part ─► metrics, gatherMetrics, status, routes
 *   reload ────► schema ─► addresses, check ─────────► prepare ─► commit, or drop where another part refuses
 * ```
 */
export interface PartType<Config = unknown, View = unknown> {
  /** The key in the configuration and in `/api/status`, the category of its log lines, `tenk_<name>_*`, `/api/<name>/…`. */
  readonly name: string;
  /**
   * Its section. `undefined` after parsing means that the part does not run. Durations and sizes carry their unit
   * (`part/words.ts`), so that settings are printed as people write them.
   */
  readonly schema: z.ZodType<Config>;
  /** Where it will listen: one registry refuses two listeners on one address before anything is opened. */
  addresses(config: Config): readonly PlannedAddress[];
  /**
   * Looks for what only starting would show, such as files and certificates, and changes nothing.
   *
   * @throws {TenkError} the first that is wrong
   */
  check(config: Config, env: CheckEnv): void;
  /** @throws {TenkError} why it cannot start; then nothing of it runs */
  start(config: Config, env: PartEnv): Promise<Part<Config, View>>;
  /** Settings whose default is logged by value at the start, below its key. @default {only how many there are} */
  readonly foremostSettings?: RegExp;
  /** Settings below its key that are a user's own data, printed as JSON. @default {none} */
  readonly opaqueSettings?: RegExp;
  /** Its place on the page. @default {none} */
  readonly panel?: Panel;
  /** What `tenk status` prints of it. @default {nothing} */
  statusTables?(look: StatusLook<View>): StatusTable[];
}

/** A part that runs. */
export interface Part<Config = unknown, View = unknown> {
  /** Where it listens, as the system has it: free ports by their number. */
  listening(): readonly Listening[];
  /**
   * Makes ready for another configuration; nothing that is served changes before `commit`.
   *
   * @throws {TenkError} why it cannot; then nothing has changed
   */
  prepare(next: Config, env: CheckEnv): Promise<PreparedChange>;
  /** Read from plain fields and shared memory, each second and at each scrape: must not wait or throw. */
  readonly metrics: readonly Metric[];
  /** What event loops must be asked for. Slow answers delay only themselves. */
  gatherMetrics(): Promise<readonly Family[]>;
  /** `/api/status` → `parts.<name>` */
  status(): Promise<View>;
  readonly routes?: JsonRoutes;
  /** Connections and the like have `graceMs` to finish. A second call ends what is left at once. */
  stop(graceMs: number): Promise<void>;
}

/** A change that is ready. One of the two is called, once. */
export interface PreparedChange {
  /** `commit` can still fail, and then leaves everything as it was: such changes are committed first. @default {false} */
  readonly mayFail?: boolean;
  commit(): Promise<void>;
  drop(): Promise<void>;
}

/** Where a setting says that something will listen. */
export interface PlannedAddress {
  /** Below the part's key: `packets.listen`. */
  readonly setting: string;
  readonly transport: "tcp" | "udp";
  readonly address: Address;
}

/** Something that listens. */
export interface Listening {
  readonly name: string;
  readonly address: Address;
  /** What else is worth a word in the log and in `tenk up --json`. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What a part knows of its surroundings before it runs. */
export interface CheckEnv {
  /** What relative paths in the configuration are relative to. */
  readonly folder: string;
  readonly services: readonly Service[];
}

export interface PartEnv extends CheckEnv {
  /** Its category is the part's name. */
  readonly log: Log;
  /** Take a free port, and log it, where a listener's own is in use. */
  readonly autoPort: boolean;
  /** What is printed for people is coloured. */
  readonly colour: boolean;
  /** Load a user's files again when they are saved. */
  readonly watch: boolean;
}
