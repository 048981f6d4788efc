import type { Exchange, HttpTarget, ResponseEvents, TargetExchange, TargetFailure } from "../../http/mod.ts";
import { equalsIgnoringCase, FIELD_STRIDE, type Head } from "../../wire/http1/mod.ts";
import { answerFraming, type Caller, DROPPED_FROM_RESPONSES, type HeadPool, type RequestHead } from "../forward/mod.ts";
import type { GuardedExchange, Rejecter } from "./rejections.ts";
import { retryAfter } from "./retry-after.ts";
import type { Wait, WaitOwner } from "./verdict.ts";

/** Of fields that are copied to the target. */
const MAX_COPIED_BYTES = 4096;
/** Of an answer that the client gets. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Of the content of a yes, which nobody reads: a connection is kept for that much. */
const MAX_IGNORED_BYTES = 64 * 1024;
const BUSY_MS = 5000;
const REMOTE_USER = new TextEncoder().encode("remote-user");
const decoder = new TextDecoder("latin1");

/**
 * One request about which the server is asked, and its answer.
 *
 * ```text
 *   2xx ──────────────► granted, with the copied fields; the rest of the answer is ignored
 *   any other status ─► the client gets the answer
 *   none ─────────────► 502, 503 or 504
 * ```
 */
export class AuthQuestion implements ResponseEvents, Wait {
  owner: WaitOwner | undefined;
  readonly #exchange: GuardedExchange;
  readonly #caller: Caller;
  readonly #http: HttpTarget;
  readonly #heads: HeadPool;
  readonly #copied: readonly Uint8Array[];
  readonly #rejecter: Rejecter;
  /** While it may be sent again. */
  #head: RequestHead | undefined;
  #sent: TargetExchange | undefined;
  #isFresh = false;
  #isGranted = false;
  #answerBytes = 0;

  /** @param head of the question, which is given back @param copied names in lower case */
  constructor(
    exchange: GuardedExchange,
    caller: Caller,
    http: HttpTarget,
    heads: HeadPool,
    head: RequestHead,
    copied: readonly Uint8Array[],
    rejecter: Rejecter,
  ) {
    this.#exchange = exchange;
    this.#caller = caller;
    this.#http = http;
    this.#heads = heads;
    this.#head = head;
    this.#copied = copied;
    this.#rejecter = rejecter;
  }

  send(): void {
    const { block } = this.#heads;
    const head = this.#head!;
    block.bytes = head.bytes;
    block.from = head.from;
    block.to = head.to;
    block.bodyBytes = 0;
    block.framing = "none";
    block.bodyLength = 0;
    block.isWhole = true;
    block.isHead = false;
    block.isUpgrade = false;
    block.carriesChunks = this.#exchange.canCarryChunks;
    block.isFresh = this.#isFresh;
    this.#sent = this.#http.send(this, block);
  }

  // ---- the request's side --------------------------------------------------------------------------------------------

  drained(): void {
    this.#sent?.resume();
  }

  finished(): void {
    this.#release();
    // After a yes the rest of the answer still comes, so that the connection can be kept.
    if (!this.#isGranted) this.#sent?.abort();
  }

  // ---- the server's side ---------------------------------------------------------------------------------------------

  interim(): void {}

  response(head: Head, bytes: Uint8Array, from: number, to: number): void {
    this.#release();
    if (head.status >= 200 && head.status < 300) this.#grant(head, bytes, to - from);
    else this.#passOn(head, bytes, from, to);
  }

  body(bytes: Uint8Array): void {
    if (this.#isGranted) this.#ignore(bytes.length);
    else {
      this.#exchange.send(bytes);
      this.#passed(bytes.length);
    }
  }

  bodyEnd(trailers?: Head, bytes?: Uint8Array): void {
    if (!this.#isGranted) this.#exchange.end(trailers, bytes);
  }

  drain(): void {}

  failed({ phase, reason, isReused, isTimeout }: TargetFailure): void {
    if (this.#isGranted) return;
    if (phase === "in-response") {
      this.#exchange.abort("aborted");
      return;
    }
    // A kept connection died on the way: a question without content does no harm twice.
    if (isReused && !this.#isFresh && this.#head !== undefined) {
      this.#isFresh = true;
      this.send();
      return;
    }
    this.#release();
    this.owner?.rejected();
    const isBusy = reason === "queue-full" || reason === "queue-timeout" || reason === "stopped";
    const status = isBusy ? 503 : isTimeout ? 504 : 502;
    this.#rejecter.answer(
      this.#exchange,
      this.#caller,
      "auth-failed",
      status,
      isBusy ? retryAfter(BUSY_MS) : undefined,
    );
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  #grant(head: Head, bytes: Uint8Array, bodyBytes: number): void {
    const lines = copiedLines(head, bytes, this.#copied);
    this.#isGranted = true;
    if (lines === undefined) {
      this.owner?.rejected();
      this.#rejecter.answer(this.#exchange, this.#caller, "auth-failed", 502);
    } else this.owner?.granted({ lines, user: fieldValueOf(head, bytes, REMOTE_USER) });
    this.#ignore(bodyBytes);
  }

  #passOn(head: Head, bytes: Uint8Array, from: number, to: number): void {
    const exchange = this.#exchange;
    this.owner?.rejected();
    this.#rejecter.note(exchange, this.#caller, "auth-denied");
    exchange.begin(head.status).lines(head, bytes, DROPPED_FROM_RESPONSES);
    exchange.sendHead(answerFraming(exchange as Exchange, this.#sent!, head, exchange.canCarryChunks), bytes, from, to);
    this.#passed(to - from);
  }

  #passed(bytes: number): void {
    this.#answerBytes += bytes;
    if (this.#answerBytes > MAX_ANSWER_BYTES) this.#exchange.abort("aborted");
    else if (this.#exchange.full) this.#sent?.pause();
  }

  #ignore(bytes: number): void {
    this.#answerBytes += bytes;
    if (this.#answerBytes > MAX_IGNORED_BYTES) this.#sent?.abort();
  }

  #release(): void {
    if (this.#head !== undefined) this.#heads.giveBack(this.#head);
    this.#head = undefined;
  }
}

/** Returns the fields of these names, as prepared lines; undefined where they are too long. */
function copiedLines(
  { fields, count }: Head,
  bytes: Uint8Array,
  names: readonly Uint8Array[],
): readonly Uint8Array[] | undefined {
  const lines: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < count * FIELD_STRIDE; at += FIELD_STRIDE) {
    const [nameStart, nameEnd, valueStart, valueEnd] = fields.subarray(at, at + 4) as unknown as number[];
    if (!names.some((name) => equalsIgnoringCase(bytes, nameStart!, nameEnd!, name))) continue;
    const name = decoder.decode(bytes.subarray(nameStart, nameEnd));
    const value = decoder.decode(bytes.subarray(valueStart, valueEnd));
    const line = Buffer.from(`${name}: ${value}\r\n`, "latin1");
    length += line.length;
    lines.push(line);
  }
  return length > MAX_COPIED_BYTES ? undefined : lines;
}

function fieldValueOf({ fields, count }: Head, bytes: Uint8Array, name: Uint8Array): string | undefined {
  for (let at = 0; at < count * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (!equalsIgnoringCase(bytes, fields[at]!, fields[at + 1]!, name)) continue;
    return decoder.decode(bytes.subarray(fields[at + 2], fields[at + 3]));
  }
  return undefined;
}
