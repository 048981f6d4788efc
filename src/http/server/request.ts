import { FIELD_STRIDE, FieldName, type Head, Method } from "../../wire/http1/mod.ts";
import { errorFormat } from "../error-page.ts";
import type { Http1Connection } from "./http1-connection.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import { upgradeOf } from "./upgrade.ts";

const ASTERISK = 0x2a;

/** Returns whether the target is `*`: the server as a whole. */
export function isServerWide(head: Head, bytes: Uint8Array): boolean {
  return bytes[head.targetStart] === ASTERISK;
}

/** Returns the exchange that a request's head opens. */
export function openExchange(client: Http1Connection, head: Head, bytes: Uint8Array): Http1Exchange<unknown> {
  const exchange = new Http1Exchange<unknown>(client, head, isServerWide(head, bytes));
  exchange.isHead = head.method === Method.head;
  if (head.wantsUpgrade) exchange.upgrade = upgradeOf(head, bytes);
  const accept = head.at(FieldName.accept) * FIELD_STRIDE;
  if (accept >= 0) exchange.errorFormat = errorFormat(bytes, head.fields[accept + 2]!, head.fields[accept + 3]!);
  return exchange;
}
