import type { Report } from "../../report.ts";

/** What a script of `tenk load http -s FILE` may export. Each is optional; none but `init` may be async. */
export interface LoadScript {
  /** Called once on each event loop before connections are opened. */
  init?(context: ScriptInit): void | Promise<void>;
  /**
   * Returns the next request of a connection: a path, or what differs from the request of the command line. Nothing = that request itself.
   * An object that is frozen is compiled once, which makes it cheap to return again.
   */
  request?(context: ScriptContext): ScriptRequest | string | undefined;
  /**
   * Called for each complete answer, before the next request of its connection. Costs as much as it declares: fields are read where there is
   * a second parameter, content where there is a third.
   */
  response?(status: number, headers: Readonly<Record<string, string>>, body: string, context: ScriptContext): void;
  /** Called once with the result of the run. */
  done?(report: Report): void | Promise<void>;
}

/** A request of a script; what is left out is as on the command line. */
export interface ScriptRequest {
  readonly method?: string;
  /** Path and query. */
  readonly path?: string;
  /** In addition to those of the command line, or in place of them. `Host` and `Content-Length` are computed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** At most 1 MiB. */
  readonly body?: string | Uint8Array;
  /** What the report counts it by. @default {method and path} */
  readonly name?: string;
}

/** What a script knows of its event loop. */
export interface ScriptInit {
  /** Of this event loop, from 0; and how many there are. */
  readonly worker: number;
  readonly workers: number;
  /** Words behind the URL on the command line. */
  readonly args: readonly string[];
  /** Adds to a counter of the report, over all event loops. At most 100 names. */
  count(name: string, by?: number): void;
  /** As Math.random, but the same in every run on the same event loop. */
  random(): number;
}

/** What a script knows of a connection. It outlives the connection: the next one in its place goes on with it. */
export interface ScriptContext extends ScriptInit {
  /** Its number among all connections, from 0. */
  readonly connection: number;
  /** For what the script wants to keep of it. */
  readonly state: Record<string, unknown>;
}
