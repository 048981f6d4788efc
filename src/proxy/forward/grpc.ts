import { equalsIgnoringCase, FIELD_STRIDE, FieldName, type Head } from "../../wire/http1/mod.ts";

const GRPC = new TextEncoder().encode("application/grpc");
const SEPARATORS = new Set([..." \t;+"].map((each) => each.charCodeAt(0)));

/** Returns whether a request is gRPC, which needs HTTP/2. `application/grpc-web` is something else: it was made for HTTP/1.1. */
export function isGrpc(head: Head, bytes: Uint8Array): boolean {
  const line = head.at(FieldName.contentType);
  if (line < 0) return false;
  const from = head.fields[line * FIELD_STRIDE + 2] as number;
  const to = head.fields[line * FIELD_STRIDE + 3] as number;
  const end = from + GRPC.length;
  const isName = to === end || (to > end && SEPARATORS.has(bytes[end] as number));
  return isName && equalsIgnoringCase(bytes, from, end, GRPC);
}
