import type { Exchange } from "../../http/mod.ts";
import type { HttpForward, HttpService } from "../../part/mod.ts";
import type { TargetList } from "../../targets/mod.ts";
import { FieldName, type FieldSet, fieldLine, fieldSet } from "../../wire/http1/mod.ts";
import { type FilledLines, preparedLines } from "../answers/mod.ts";
import { type ChoiceHash, choiceHashFor } from "./choice-hash.ts";
import { type Http2Use, type HttpLink, http2Use } from "./http-link.ts";
import { DROPPED_FROM_REQUESTS, union } from "./request-head.ts";

/** How requests of one service are forwarded. Everything that does not depend on the request is made once. */
export interface ForwardRoute {
  readonly targets: TargetList<HttpLink>;
  /** Which requests may go to one of the targets over HTTP/2. */
  readonly http2: Http2Use;
  readonly choiceHash: ChoiceHash;
  /** Targets that one request is sent to, at most. */
  readonly attempts: number;
  /** Ends a tunnel of which one side is finished, when no byte moved for so long; 0 = never. */
  readonly stallMs: number;
  /** The cookie that ties a client to its target; undefined without one. */
  readonly stickyCookie: string | undefined;
  /** Fields of requests that are not copied, by id and by name in lower case. */
  readonly drop: FieldSet;
  readonly dropNames: readonly Uint8Array[];
  /** Prepared lines that requests get. */
  readonly lines: readonly Uint8Array[];
  /** Lines that are filled in for each request; undefined without any. */
  readonly filledLines: FilledLines | undefined;
  readonly responseDropNames: readonly Uint8Array[];
  /** Answers are compressed for clients that accept it. */
  readonly compresses: boolean;
  /** `Via`, by the protocol of who sent the message (RFC 9110 §7.6.3). */
  readonly via: Readonly<Record<Exchange["protocol"], Uint8Array>>;
}

const encoder = new TextEncoder();

const VIA: ForwardRoute["via"] = {
  "HTTP/1.0": fieldLine("Via", "1.0 tenk"),
  "HTTP/1.1": fieldLine("Via", "1.1 tenk"),
  "HTTP/2.0": fieldLine("Via", "2.0 tenk"),
};

/** @throws {TenkError} `invalid-option` */
export function forwardRoute(
  { headers: { request, response }, auth, compress }: HttpService,
  forward: HttpForward,
  targets: TargetList<HttpLink>,
): ForwardRoute {
  const { balance, hashHeader, sticky, attempts, timeouts } = forward;
  const { lines, filled } = preparedLines([...request.set, ...request.add]);
  return {
    targets,
    http2: mostOf(forward),
    choiceHash: choiceHashFor({ balance, hashHeader }),
    attempts,
    stallMs: timeouts.stallMs,
    stickyCookie: sticky?.cookie,
    // The password is for tenk alone.
    drop:
      auth?.type === "basic" ? union(DROPPED_FROM_REQUESTS, fieldSet(FieldName.authorization)) : DROPPED_FROM_REQUESTS,
    dropNames: namesOf([...request.remove, ...request.set.map(([name]) => name), ...identityFields(auth)]),
    lines,
    filledLines: filled,
    responseDropNames: namesOf([...response.remove, ...response.set.map(([name]) => name)]),
    compresses: compress,
    via: VIA,
  };
}

/** Fields that tell a target who a client is: only a guard sets them, whether the client has sent some or not. */
function identityFields(auth: HttpService["auth"]): readonly string[] {
  if (auth === undefined) return [];
  return auth.type === "basic" ? ["Remote-User"] : auth.copyHeaders;
}

function mostOf({ targets, protocol }: HttpForward): Http2Use {
  const uses = targets.map(({ url }) => http2Use(url, protocol));
  return uses.find((use) => use === "always") ?? uses.find((use) => use === "grpc") ?? "never";
}

function namesOf(names: readonly string[]): readonly Uint8Array[] {
  return names.map((name) => encoder.encode(name.toLowerCase()));
}
