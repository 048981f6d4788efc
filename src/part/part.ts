import type { z } from "zod";
import type { Log } from "../base/mod.ts";
import type { Family, Metric } from "../metrics/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Address } from "./address.ts";
import type { Certificates } from "./certificates.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Mark } from "./mark.ts";
import type { OfferedServices } from "./offered-services.ts";
import type { OwnDashboard } from "./own-dashboard.ts";
import type { OwnResolver } from "./own-resolver.ts";
import type { Panel } from "./panel.ts";
import type { Problem } from "./problem.ts";
import type { JsonRoutes, OpenRoutes } from "./routes.ts";
import type { Service } from "./services.ts";
import type { SharedTopics } from "./shared-topics.ts";
import type { StatusLook, StatusTable } from "./status-table.ts";

/**
 * The type of a part: what runs under its own key of `tenk.yaml`. One folder in `src/` and one line in `app/parts.ts` add a part.
 * Its section of the configuration, `tenk check`, defaults in the log, reload, `/api/status`, metrics, history, routes, a panel on
 * the page and a table in `tenk status` follow from this contract.
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
   * Schema of its section. When it parses to `undefined`, the part does not run. Durations and sizes carry their unit
   * (`part/fields.ts`), so that settings are printed as people write them.
   */
  readonly schema: z.ZodType<Config>;
  /**
   * Returns whether it runs with a configuration file that has no section of it. Without a file every part runs. @default {it does}
   *
   * @param others parts that the file has a section of, and that run
   */
  runsUnnamed?(services: readonly Service[], others: readonly string[]): boolean;
  /** Returns the addresses that it will listen on, so that two on one address are an error before anything is opened. */
  addresses(config: Config): readonly PlannedAddress[];
  /**
   * Returns the addresses that a setting of `auto` tries first. It takes another where one is not to be had. @default {none}
   */
  usualAddresses?(config: Config): readonly PlannedAddress[];
  /**
   * Checks what the schema cannot, such as files and certificates. Changes nothing.
   *
   * @throws {TenkError} the first problem
   */
  check(config: Config, env: CheckEnv): void;
  /** Whether what it does depends on services. Where it does not, services that come and go do not change it. @default {true} */
  readonly usesServices?: boolean;
  /** @throws {TenkError} why it cannot start; then it has stopped everything that it started */
  start(config: Config, env: PartEnv): Promise<Part<Config, View>>;
  /** Settings, below its key, whose default is logged by value. @default {none: only their number is logged} */
  readonly foremostSettings?: RegExp;
  /** Settings, below its key, that are the user's own data and are printed as JSON. @default {none} */
  readonly opaqueSettings?: RegExp;
  /** First word of its problems' keys. @default its name */
  readonly problemsOf?: string;
  /** Its charts on the page. @default {none} */
  readonly panel?: Panel;
  /** Returns its tables in `tenk status`. @default {none} */
  statusTables?(look: StatusLook<View>): StatusTable[];
}

/** A running part. */
export interface Part<Config = unknown, View = unknown> {
  /** Returns the addresses that it listens on, with the actual port where the configuration has 0. */
  listening(): readonly Listening[];
  /** Returns where people open what it serves in a browser. @default {nowhere} */
  urls?(): readonly string[];
  /** Returns the ports at which the network reaches services. @default {none} */
  webPorts?(): WebPorts;
  /**
   * Prepares a change to another configuration. What is served already does not change before `commit`; new addresses may be
   * open before.
   *
   * @throws {TenkError} why it cannot change; then nothing has changed
   */
  prepare(next: Config, env: CheckEnv): Promise<PreparedChange>;
  /** Read from plain fields and shared memory, each second and at each scrape. Must not block or throw. */
  readonly metrics: readonly Metric[];
  /** Requests metrics from event loops. A slow loop delays only its own metrics. */
  gatherMetrics(): Promise<readonly Family[]>;
  /** Returns `parts.<name>` of `/api/status`. */
  status(): Promise<View>;
  readonly routes?: JsonRoutes;
  /** Of whoever knows their paths. @default {none} */
  readonly openRoutes?: OpenRoutes;
  /** Returns what is not well now. Read each second, from plain fields: must not block or throw. @default {nothing} */
  problems?(): readonly Problem[];
  /**
   * Returns the keys of which nothing is known yet, as after a start: that they are not among the problems means nothing.
   * `service/*` is every key that begins with `service/`. @default {none}
   */
  undecided?(): readonly string[];
  /** Returns whether it still looks at what such a problem is about, so that its absence means an end. @default {it does} */
  watches?(key: string): boolean;
  /** Looks again soon whether these problems are still there. @default {it looks when it looks} */
  recheck?(keys: readonly string[]): void;
  /** Returns what happened in a stretch of time, in ms since 1970, for charts to mark; at most 200, the newest. @default {nothing} */
  marks?(fromMs: number, toMs: number): Promise<readonly Mark[]>;
  /**
   * Writes what it keeps in the data folder, and leaves the folder alone: another process of this instance takes it over. Until `thaw` it
   * begins nothing by itself (alerts, probes, downloads, certificates), and goes on with connections, queries and requests. A second call
   * writes what has come since the first. A stop that follows writes nothing. @default {it has nothing there}
   */
  freeze?(): Promise<void>;
  /**
   * Goes on after `freeze`. Where it has started with `PartEnv.startsFrozen`, it first reads what the process before it has kept.
   *
   * @default {nothing}
   */
  thaw?(): Promise<void>;
  /** Opens its log files anew, for whoever moved them. @default {it has none} */
  reopenLogs?(): Promise<void>;
  /** Stops it; connections have `graceMs` to finish. A second call closes them at once. */
  stop(graceMs: number): Promise<void>;
}

/** A prepared change. After `claim`, either `commit` or `drop` is called, once. */
export interface PreparedChange {
  /**
   * Does what may still fail and disturbs what is running, such as taking the address of a listener that must stop for it.
   *
   * @throws {TenkError} why it cannot; `drop` is called then too
   * @default {nothing may fail}
   */
  claim?(): Promise<void>;
  /** Must not fail. */
  commit(): Promise<void>;
  /** Leaves everything as it was before, also what `claim` has changed. */
  drop(): Promise<void>;
}

/** An address that a setting says to listen on. */
export interface PlannedAddress {
  /** Below the part's key: `packets.listen`. */
  readonly setting: string;
  readonly transport: "tcp" | "udp";
  readonly address: Address;
}

/** An address that is listened on. */
export interface Listening {
  readonly name: string;
  readonly address: Address;
  /** Further fields for the log and `tenk up --json`. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Ports of all services that are served by HTTPS and HTTP; undefined where this machine alone reaches them. */
export interface WebPorts {
  readonly https: number | undefined;
  readonly http: number | undefined;
}

/** What a part gets beside its section. */
export interface CheckEnv {
  /** The folder that relative paths in the configuration are relative to. */
  readonly folder: string;
  readonly services: readonly Service[];
  /** The domain of names such as `git.home.arpa`; undefined where none is configured. */
  readonly domain: string | undefined;
  /** Domains whose names the local CA signs, beside those that are local everywhere. */
  readonly localDomains: readonly string[];
}

export interface PartEnv extends CheckEnv {
  /** Has the part's name as its category. */
  readonly log: Log;
  readonly certificates: Certificates;
  readonly dashboard: OwnDashboard;
  readonly resolver: OwnResolver;
  /** Services that are found rather than declared. */
  readonly offered: OfferedServices;
  /** Returns the ports of whichever part serves services now: it may start later, and change them. */
  webPorts(): WebPorts;
  /** Returns what is not well now, on the box and in all parts. */
  problems(): readonly Problem[];
  /** Returns the keys of problems of which nothing is known yet, in all parts. */
  undecided(): readonly string[];
  /** Returns whether somebody still looks at what a problem is about. */
  watches(key: string): boolean;
  /** Has all parts look again soon whether these problems are still there. */
  recheck(keys: readonly string[]): void;
  readonly maintenance: Maintenance;
  /** Topics of this process's listeners, which may be joined with those of other processes. */
  readonly topics: SharedTopics;
  /** The folder for what a part keeps; undefined where nothing is kept. A change needs a restart. */
  readonly dataFolder: string | undefined;
  /** The database in it; undefined where nothing is kept. */
  readonly store: Store | undefined;
  /**
   * The process that this one is to replace still runs, and owns the data folder: the part starts as after `Part.freeze`, without reading
   * what changes there, and `Part.thaw` follows. @default {false}
   */
  readonly startsFrozen?: boolean;
  /** Take a free port, and log it, when a listener's own is in use. */
  readonly autoPort: boolean;
  /** Print for people in colour. */
  readonly colour: boolean;
  /** Load the user's files again when they are saved. */
  readonly watch: boolean;
}
