import { BodyFraming, type Exchange, type TargetExchange } from "../../http/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import { isGrpc } from "./grpc.ts";
import type { ForwardRoute } from "./route.ts";
import { WEBSOCKET } from "./websocket.ts";

/**
 * Returns whether the content of a request is forwarded as the chunks that the client sent. Known when `request` is called; HTTP/2,
 * over which a target may get it, has no chunks.
 */
export function carriesChunks(
  { http2 }: Pick<ForwardRoute, "http2">,
  exchange: Exchange,
  head: Head,
  bytes: Uint8Array,
): boolean {
  const isChunked =
    exchange.hasBody && head.contentLength < 0 && exchange.upgrade !== WEBSOCKET && exchange.canCarryChunks;
  return isChunked && http2 !== "always" && (http2 === "never" || !isGrpc(head, bytes));
}

/** Returns how the content of a target's answer is delimited towards the client. @param carriesChunks whether chunks go on as they are */
export function answerFraming(
  exchange: Exchange,
  { bodyFraming, bodyLength }: TargetExchange,
  head: Head,
  carriesChunks: boolean,
): BodyFraming {
  if (bodyFraming === "length") return bodyLength;
  if (bodyFraming === "chunked") return carriesChunks ? BodyFraming.chunks : BodyFraming.unknown;
  if (bodyFraming === "until-close") return BodyFraming.unknown;
  // An answer to HEAD says how long the one to GET would be.
  return exchange.isHead && head.contentLength >= 0 ? head.contentLength : BodyFraming.none;
}
