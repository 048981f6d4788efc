import type { AuthResult } from "./access.ts";
import type { Client } from "./client.ts";

/** A request that has passed the auth middleware. */
export interface RequestContext {
  readonly request: Request;
  /** As it was sent, without the query, not decoded: an encoded path matches no route. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly client: Client;
  readonly auth: AuthResult;
  /** Returns a signal that aborts when the session ends; undefined when the request was let in without one. */
  readonly sessionEnd: () => AbortSignal | undefined;
  /** Raises the idle timeout: for a response that is a stream. */
  readonly stayOpen: () => void;
}

export type RequestHandler = (context: RequestContext) => Response | Promise<Response>;

/** The handlers of a path. */
export interface Route {
  readonly get?: RequestHandler;
  /** Changes something. */
  readonly post?: RequestHandler;
  /** Needs no authentication: the response tells nothing about the instance. @default {false} */
  readonly isPublic?: boolean;
  /** Nor does its POST: what proves that it may be made is in the path, which another site does not know. @default {false} */
  readonly isOpen?: boolean;
  /** The addresses in `dashboard.scrapers` may read it. @default {false} */
  readonly isScrape?: boolean;
}

/** @returns undefined when nothing is at the path */
export type Routes = (path: string) => Route | undefined;
