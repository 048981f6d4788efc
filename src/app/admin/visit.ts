import type { Standing } from "./access.ts";
import type { Client } from "./client.ts";

/** A request that passed everything that is asked of all. */
export interface Visit {
  readonly request: Request;
  /** As it is written, without query; tricks of encoding lead to no route. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly client: Client;
  readonly standing: Standing;
  /** What is aborted when the visitor's session ends; undefined where another reason lets them in. */
  readonly ending: () => AbortSignal | undefined;
  /** Bears with silence for longer: for answers that go on, and have something to say each second. */
  readonly stayOpen: () => void;
}

export type Answering = (visit: Visit) => Response | Promise<Response>;

/** What is served at a path. */
export interface Route {
  readonly get?: Answering;
  /** Changes something. */
  readonly post?: Answering;
  /** Anybody may ask: it tells nothing of the box. @default {false} */
  readonly isPublic?: boolean;
  /** Scrapers' addresses may read it. @default {false} */
  readonly isScrape?: boolean;
}

/** @returns undefined where there is nothing */
export type Routes = (path: string) => Route | undefined;
