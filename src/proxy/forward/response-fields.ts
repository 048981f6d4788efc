import {
  equalsIgnoringCase,
  FIELD_STRIDE,
  FieldName,
  type FieldSet,
  fieldSet,
  type Head,
  HOP_BY_HOP,
} from "../../wire/http1/mod.ts";
import { union } from "./request-head.ts";

/** Never copied from an answer. The exchange writes those that delimit its content. */
export const DROPPED_FROM_RESPONSES: FieldSet = union(HOP_BY_HOP, fieldSet(FieldName.proxy));

const EVENT_STREAM = new TextEncoder().encode("text/event-stream");

/** Whether an answer is one of server-sent events, which may be silent for hours. */
export function isEventStream(head: Head, bytes: Uint8Array): boolean {
  const line = head.at(FieldName.contentType);
  if (line < 0) return false;
  const start = head.fields[line * FIELD_STRIDE + 2]!;
  const end = Math.min(head.fields[line * FIELD_STRIDE + 3]!, start + EVENT_STREAM.length);
  return equalsIgnoringCase(bytes, start, end, EVENT_STREAM);
}
