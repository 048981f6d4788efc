import {
  FIELD_STRIDE,
  FieldName,
  Head,
  HeadAssembler,
  latin1,
  RESPONSE_LIMITS,
  readResponse,
} from "../../wire/http1/mod.ts";
import { webSocketAccept } from "../../wire/websocket/mod.ts";

/** Field lines of a head. */
const MAX_FIELDS = 256;
/** Of all event loop's handshakes: a head is read and judged in one call. */
const scratch = new Head(MAX_FIELDS);

const SHOWN_CHARACTERS = 40;

/** Reads the answer to one opening handshake, and judges it as RFC 6455 §4.1 says. */
export class UpgradeResponse {
  /** The subprotocol that the server chose; empty = none. Known once `read` has returned a position. */
  subprotocol = "";
  /** Why the handshake failed, once `read` has returned -1. */
  failure = "";
  readonly #key: string;
  readonly #asked: readonly string[];
  #pieces: HeadAssembler | undefined;

  /** @param asked subprotocols that were asked for */
  constructor(key: string, asked: readonly string[]) {
    this.#key = key;
    this.#asked = asked;
  }

  /** @returns the position behind the head; 0 while it is incomplete; -1 where the handshake has failed */
  read(bytes: Uint8Array): number {
    if (this.#pieces === undefined) {
      const length = readResponse(scratch, bytes, 0, bytes.length);
      if (length > 0) return this.#judge(bytes) ? length : -1;
      if (length < 0) return this.#fail(`not HTTP/1.1 (${scratch.refusal ?? "broken"})`);
      this.#pieces = new HeadAssembler(RESPONSE_LIMITS.maxBytes);
    }
    const pieces = this.#pieces;
    const taken = pieces.add(bytes, 0, bytes.length);
    if (taken === 0) return 0;
    if (taken < 0) return this.#fail(`not HTTP/1.1 (${pieces.refusal ?? "broken"})`);
    if (readResponse(scratch, pieces.bytes, 0, pieces.length) !== pieces.length)
      return this.#fail(`not HTTP/1.1 (${scratch.refusal ?? "broken"})`);
    return this.#judge(pieces.bytes) ? taken : -1;
  }

  #judge(bytes: Uint8Array): boolean {
    const { status, wantsUpgrade } = scratch;
    if (status !== 101) return this.#refuse(`status ${status}`);
    if (fieldOf(bytes, FieldName.upgrade)?.toLowerCase() !== "websocket") return this.#refuse("no Upgrade: websocket");
    if (!wantsUpgrade) return this.#refuse("no Connection: Upgrade");
    if (fieldOf(bytes, FieldName.secWebsocketAccept) !== webSocketAccept(this.#key))
      return this.#refuse("wrong Sec-WebSocket-Accept");
    if (fieldOf(bytes, FieldName.secWebsocketExtensions)) return this.#refuse("an extension that nobody asked for");
    this.subprotocol = fieldOf(bytes, FieldName.secWebsocketProtocol) ?? "";
    if (this.subprotocol === "" || this.#asked.includes(this.subprotocol)) return true;
    return this.#refuse(`subprotocol "${this.subprotocol.slice(0, SHOWN_CHARACTERS)}" that nobody asked for`);
  }

  #refuse(why: string): false {
    this.failure = why;
    return false;
  }

  #fail(why: string): -1 {
    this.failure = why;
    return -1;
  }
}

/** Returns the value of a field, or undefined where the head has no such line. */
function fieldOf(bytes: Uint8Array, name: FieldName): string | undefined {
  const line = scratch.at(name);
  if (line < 0) return undefined;
  return latin1(bytes, scratch.fields[line * FIELD_STRIDE + 2]!, scratch.fields[line * FIELD_STRIDE + 3]!);
}
