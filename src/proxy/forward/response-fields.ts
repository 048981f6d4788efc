import {
  equalsIgnoringCase,
  FIELD_STRIDE,
  FieldName,
  type FieldSet,
  fieldSet,
  type Head,
  HOP_BY_HOP,
} from "../../wire/http1/mod.ts";
import { isGrpc } from "./grpc.ts";
import { union } from "./request-head.ts";

/** Never copied from an answer. The exchange writes those that delimit its content. */
export const DROPPED_FROM_RESPONSES: FieldSet = union(HOP_BY_HOP, fieldSet(FieldName.proxy));

const EVENT_STREAM = new TextEncoder().encode("text/event-stream");

/** Returns whether an answer may be silent for hours: server-sent events, and streams of gRPC. */
export function mayBeSilent(head: Head, bytes: Uint8Array): boolean {
  return isEventStream(head, bytes) || isGrpc(head, bytes);
}

function isEventStream(head: Head, bytes: Uint8Array): boolean {
  const line = head.at(FieldName.contentType);
  if (line < 0) return false;
  const start = head.fields[line * FIELD_STRIDE + 2]!;
  const end = Math.min(head.fields[line * FIELD_STRIDE + 3]!, start + EVENT_STREAM.length);
  return equalsIgnoringCase(bytes, start, end, EVENT_STREAM);
}
