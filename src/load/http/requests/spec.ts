import type { CookieTarget } from "../cookies/mod.ts";

/** A request of a plan, before it is compiled: plain data, which can be posted to a worker. */
export interface RequestSpec {
  /** What the report counts it by: `GET /a`. */
  readonly name: string;
  /** How often it is sent, beside the weights of the others. */
  readonly weight: number;
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes are sent as they are. */
  readonly body: string | Uint8Array | undefined;
  /** Path, values of fields and a body that is text may hold expressions. */
  readonly isTemplate: boolean;
}

/** All requests of a run. */
export interface RequestsPlan {
  readonly specs: readonly RequestSpec[];
  /** By chance, each as often as its weight says; or each connection goes through all, again and again. */
  readonly order: "weighted" | "in-turn";
  /** Of the URL: the value of `Host`, where headers have none. */
  readonly authority: string;
  /** False: the server is asked to close the connection after its answer. */
  readonly keepAlive: boolean;
  /** What the files of `\{<file>}` hold. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** How often `*`, `+` and `{m,}` repeat at most in random text. */
  readonly maxRepeats: number;
  /** Cookies are kept, of this target; undefined = they are not. */
  readonly cookies: CookieTarget | undefined;
}
