import { messageOf, TenkError } from "../../base/mod.ts";
import type { ClientTlsOptions, TlsInfo } from "../../net/mod.ts";
import { FIELD_STRIDE, type Head, latin1 } from "../../wire/http1/mod.ts";
import { allowedLookup, checkHost, DENIED_RANGES, type Lookup } from "./denied-addresses.ts";
import { requestHead } from "./request-head.ts";
import { HttpTarget } from "./target.ts";
import type { RequestBlock, ResponseEvents, TargetExchange, TargetFailure } from "./types.ts";

export interface RequestOptions {
  /** @default {"GET"} */
  method?: string;
  /** Path and query instead of the URL's, for a Unix socket. */
  path?: string;
  /** Fields of the request. `Host` may be among them; those that frame the message may not. */
  fields?: Readonly<Record<string, string>>;
  /** At most 1 MiB. */
  body?: Uint8Array | string;
  /** For all of it: name, connect, TLS, answer. @default {5000} */
  timeoutMs?: number;
  /** Of the answer's body; a longer one fails, or is cut. @default {65536} */
  maxBodyBytes?: number;
  /** Gets the body as it comes, in borrowed bytes, instead of the answer. If it throws, the request fails with that. */
  onBody?: (bytes: Uint8Array) => void;
  /**
   * What becomes of a body that is longer, or does not end in time: an error, or its beginning, which `isCut` says. @default {"fail"}
   */
  whenTooLong?: "fail" | "cut";
  /** How TLS is done with `https:`. The certificate is verified unless this says otherwise. */
  tls?: ClientTlsOptions;
  /** Address ranges that it does not connect to, whatever the name says. @default {DENIED_RANGES} */
  deniedRanges?: readonly string[];
  /** Asks for a name's addresses. @default the system's resolver */
  lookup?: Lookup;
  signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Name in lower case and value of each field line, in the order in which they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** More than `maxBodyBytes` came, or not all of it in time, and `body` is only the beginning. */
  readonly isCut: boolean;
  /** The address that answered; "" of a Unix socket. */
  readonly remoteAddress: string;
  readonly tls: TlsInfo | undefined;
  /** Milliseconds from the call to the head of the answer, and to its end. */
  readonly headMs: number;
  readonly totalMs: number;
}

const MAX_CONTENT_BYTES = 1024 * 1024;

/**
 * Sends one request on a connection of its own and returns its answer, whatever the status. A redirect is an answer as any
 * other: nothing is followed, so no credentials go elsewhere. Nothing is decompressed, and everything is bounded.
 *
 * @param url `http://host[:80][/path]`, `https://…`, or `unix:/path` with `options.path`
 * @throws {TenkError} `invalid-option`, `permission-denied` (a denied address), `request-timeout`, `request-failed`,
 *   `connect-aborted` (the signal), and what a connect throws
 * @example
 * const { status } = await request("http://127.0.0.1:3000/health", { timeoutMs: 1000 });
 */
export async function request(url: string, options: RequestOptions = {}): Promise<HttpResponse> {
  const { timeoutMs = 5000, deniedRanges = DENIED_RANGES, body, signal, lookup } = options;
  const [address, path] = split(url);
  let denied: TenkError | undefined;
  const target = new HttpTarget({
    url: address,
    connectMs: timeoutMs,
    maxConnections: 1,
    keepMs: 0,
    logsFailures: false,
    lookup: allowedLookup(deniedRanges, (error) => { denied = error; }, lookup), // biome-ignore format: one thought
    ...(options.tls && { tls: options.tls }),
  });
  checkHost(target.address.host, deniedRanges);
  const content = typeof body === "string" ? new TextEncoder().encode(body) : body;
  if ((content?.length ?? 0) > MAX_CONTENT_BYTES) {
    throw new TenkError("invalid-option", `Cannot send a body of ${content?.length} bytes: at most 1 MiB`);
  }
  const { method = "GET", fields = {} } = options;
  const sent = options.path ?? path;
  const head = requestHead(target.address.authority, { method, path: sent, fields, bodyLength: content?.length });
  // Queries hold tokens: messages go without.
  const where = address + sent.replace(/\?.*/s, "");
  if (signal?.aborted) throw aborted(where);
  const answer = new Answer(where, options);
  answer.exchange = target.send(answer, blockOf(head, content, method === "HEAD"));
  const timer = setTimeout(() => answer.timeIsOver(timedOut(where, timeoutMs)), timeoutMs);
  const onAbort = () => answer.give(aborted(where));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await answer.result;
  } catch (error) {
    throw denied ?? error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    void target.stop({ graceMs: 0 });
  }
}

/** Collects an answer. */
class Answer implements ResponseEvents {
  exchange!: TargetExchange;
  readonly result: Promise<HttpResponse>;
  readonly #where: string;
  readonly #maxBytes: number;
  readonly #whenTooLong: "fail" | "cut";
  readonly #onBody: (bytes: Uint8Array) => void;
  readonly #startedMs = performance.now();
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;
  #head: Pick<HttpResponse, "status" | "fields" | "remoteAddress" | "tls" | "headMs"> | undefined;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (error: TenkError) => void;

  constructor(where: string, { maxBodyBytes = 65_536, whenTooLong = "fail", onBody }: RequestOptions) {
    this.#where = where;
    this.#maxBytes = maxBodyBytes;
    this.#whenTooLong = whenTooLong;
    this.#onBody = onBody ?? ((bytes) => void this.#parts.push(new Uint8Array(bytes)));
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  interim(): void {}
  drain(): void {}

  response(head: Head, bytes: Uint8Array, bodyFrom: number, bodyTo: number): void {
    const { connection } = this.exchange;
    this.#head = {
      status: head.status,
      fields: fieldsOf(head, bytes),
      remoteAddress: connection?.remoteAddress ?? "",
      tls: connection?.tls,
      headMs: performance.now() - this.#startedMs,
    };
    this.body(bytes.subarray(bodyFrom, bodyTo));
  }

  body(bytes: Uint8Array): void {
    const room = this.#maxBytes - this.#bytes;
    try {
      this.#onBody(bytes.subarray(0, room));
    } catch (error) {
      this.give(error instanceof TenkError ? error : failed(this.#where, messageOf(error)));
      return;
    }
    this.#bytes += Math.min(room, bytes.length);
    if (bytes.length <= room) return;
    if (this.#whenTooLong === "cut") this.#finish(true);
    else this.give(failed(this.#where, `its answer is longer than ${this.#maxBytes} bytes`));
  }

  bodyEnd(): void {
    this.#finish(false);
  }

  failed({ text, cause, isTimeout }: TargetFailure): void {
    if (cause instanceof TenkError) this.#reject(cause);
    else
      this.#reject(
        isTimeout ? new TenkError("request-timeout", messageFor(this.#where, text)) : failed(this.#where, text),
      );
  }

  timeIsOver(error: TenkError): void {
    if (this.#whenTooLong === "cut" && this.#head !== undefined) this.#finish(true);
    else this.give(error);
  }

  /** Ends it with an error of this side. */
  give(error: TenkError): void {
    this.exchange.abort();
    this.#reject(error);
  }

  #finish(isCut: boolean): void {
    if (isCut) this.exchange.abort();
    const totalMs = performance.now() - this.#startedMs;
    this.#resolve({ ...this.#head!, body: Buffer.concat(this.#parts), isCut, totalMs });
  }
}

/** `http://a:80/b?c` → `http://a:80` and `/b?c`, as they are written. */
function split(url: string): [address: string, path: string] {
  const parts = /^(https?:\/\/[^/?#]*)([/?#].*)?$/is.exec(url);
  if (parts === null) return [url, "/"];
  const [, address = "", rest = "/"] = parts;
  return [address, rest.startsWith("?") ? `/${rest}` : rest];
}

function blockOf(head: Uint8Array, content: Uint8Array | undefined, isHead: boolean): RequestBlock {
  const bytes = content === undefined ? head : Buffer.concat([head, content]);
  const bodyBytes = content?.length ?? 0;
  const framing = content === undefined ? "none" : "length";
  return {
    bytes,
    from: 0,
    to: bytes.length,
    bodyBytes,
    framing,
    bodyLength: bodyBytes,
    isWhole: true,
    isHead,
    isUpgrade: false,
    carriesChunks: false,
    isFresh: false,
  };
}

function fieldsOf(head: Head, bytes: Uint8Array): [string, string][] {
  const { fields, count } = head;
  return Array.from({ length: count }, (_, line) => {
    const place = line * FIELD_STRIDE;
    const name = latin1(bytes, fields[place]!, fields[place + 1]!).toLowerCase();
    return [name, latin1(bytes, fields[place + 2]!, fields[place + 3]!)];
  });
}

function messageFor(where: string, why: string): string {
  return `Request to ${where} failed: ${why}`;
}

function failed(where: string, why: string): TenkError {
  return new TenkError("request-failed", messageFor(where, why));
}

function timedOut(where: string, timeoutMs: number): TenkError {
  return new TenkError("request-timeout", messageFor(where, `no whole answer in ${timeoutMs} ms`));
}

function aborted(where: string): TenkError {
  return new TenkError("connect-aborted", messageFor(where, "it was cancelled"));
}
