import { connect as plainConnect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import {
  type ClientConnection,
  type Exchange,
  type ExchangeHandler,
  type HttpServerOptions,
  httpServer,
} from "../../../src/http/mod.ts";
import { type ListenOptions, listen, type Server } from "../../../src/net/mod.ts";
import { FIELD_STRIDE, type Head, latin1 } from "../../../src/wire/http1/mod.ts";
import { until } from "../../net/support.ts";

const fixture = (name: string) => join(import.meta.dirname, "../../net/fixtures", `${name}.pem`);
export const TLS = { cert: fixture("localhost-cert"), key: fixture("localhost-key") };

const encoder = new TextEncoder();
export const ascii = (text: string) => encoder.encode(text);

/** One request as a handler saw it. */
export interface Visit {
  method: string;
  target: string;
  fields: [name: string, value: string][];
  body: string;
  trailers: [name: string, value: string][];
  isWhole: boolean;
  /** How often `finished` was called. */
  finishes: number;
  exchange: Exchange<Visit>;
}

type Answer = (exchange: Exchange<Visit>, visit: Visit) => void;

/** Answers every request once it is whole, and keeps what it saw. */
export class Site implements ExchangeHandler<Visit> {
  readonly visits: Visit[] = [];
  readonly itself: [status: number, reason: string][] = [];
  readonly answer: Answer;
  /** Called at the head of each request, before all else. */
  arrived: Answer | undefined;

  constructor(answer: Answer = answerOk) {
    this.answer = answer;
  }

  request(exchange: Exchange<Visit>, head: Head, bytes: Uint8Array): void {
    const visit: Visit = {
      method: latin1(bytes, head.methodStart, head.methodEnd),
      target: latin1(bytes, head.targetStart, head.targetEnd),
      fields: fieldsOf(head, bytes),
      body: "",
      trailers: [],
      isWhole: false,
      finishes: 0,
      exchange,
    };
    exchange.data = visit;
    this.visits.push(visit);
    this.arrived?.(exchange, visit);
    if (!exchange.hasBody) this.#whole(exchange);
  }
  body({ data }: Exchange<Visit>, bytes: Uint8Array): void {
    if (data.finishes > 0) throw new Error("body after finished");
    data.body += latin1(bytes, 0, bytes.length);
  }
  bodyEnd(exchange: Exchange<Visit>, trailers: Head | undefined, bytes: Uint8Array | undefined): void {
    if (trailers !== undefined && bytes !== undefined) exchange.data.trailers = fieldsOf(trailers, bytes);
    this.#whole(exchange);
  }
  finished({ data }: Exchange<Visit>): void {
    data.finishes += 1;
  }
  answeredItself(_: ClientConnection, status: number, reason: string): void {
    this.itself.push([status, reason]);
  }

  #whole(exchange: Exchange<Visit>): void {
    exchange.data.isWhole = true;
    this.answer(exchange, exchange.data);
  }
}

/** Answers with the method, the target and the body. */
export function answerOk(exchange: Exchange<Visit>, { method, target, body }: Visit): void {
  const text = ascii(`${method} ${target} ${body}`);
  exchange.begin(200).field("Content-Type", "text/plain");
  exchange.sendHead(text.length, text);
  exchange.end();
}

function fieldsOf(head: Head, bytes: Uint8Array): [string, string][] {
  return Array.from({ length: head.count }, (_, line) => {
    const [nameStart, nameEnd, start, end] = head.fields.subarray(line * FIELD_STRIDE, line * FIELD_STRIDE + 4);
    return [latin1(bytes, nameStart!, nameEnd!), latin1(bytes, start!, end!)];
  });
}

/** Serves `handler` on a port of its own. */
export function serve(
  handler: ExchangeHandler<Visit>,
  options: HttpServerOptions = {},
  listening: ListenOptions = {},
): Promise<Server> {
  return listen({ host: "127.0.0.1", halfOpen: true, ...listening }, httpServer(handler, options) as never);
}

/** A client that speaks in bytes. */
export class RawClient {
  readonly socket: Socket;
  received = "";
  bytes = 0;
  ended = false;
  closed = false;
  error: string | undefined;

  constructor(port: number, isSecure = false) {
    const options = { port, host: "127.0.0.1", allowHalfOpen: true };
    this.socket = isSecure ? tlsConnect({ ...options, rejectUnauthorized: false }) : plainConnect(options);
    this.socket.setNoDelay(true);
    this.socket.on("data", (chunk) => {
      this.bytes += chunk.length;
      if (this.bytes < 4_000_000) this.received += chunk.toString("latin1");
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    return this;
  }

  /** Waits until so many answers came, and returns them. */
  async answers(count: number, noContent: readonly number[] = []): Promise<ParsedAnswer[]> {
    await until(() => parseAnswers(this.received, noContent).length >= count || this.closed);
    return parseAnswers(this.received, noContent);
  }
}

/** Sends bytes and returns what came until the server's end. */
export async function talk(port: number, bytes: string | Uint8Array): Promise<string> {
  const client = new RawClient(port).send(bytes);
  await until(() => client.ended || client.closed);
  client.socket.destroy();
  return client.received;
}

export interface ParsedAnswer {
  status: number;
  head: string;
  fields: Record<string, string>;
  content: string;
}

/** Returns the complete answers in `text`. @param noContent the indices of those to a HEAD */
export function parseAnswers(text: string, noContent: readonly number[] = []): ParsedAnswer[] {
  const answers: ParsedAnswer[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return answers;
    const head = rest.slice(0, end);
    const [first = "", ...lines] = head.split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (Number.isNaN(status)) throw new Error(`Not an answer: ${JSON.stringify(rest.slice(0, 200))}`);
    const fields = Object.fromEntries(lines.map((line) => line.toLowerCase().split(/: (.*)/s)));
    const isEmpty = status < 200 || status === 204 || status === 304 || noContent.includes(answers.length);
    rest = rest.slice(end + 4);
    const cut = isEmpty ? ["", rest] : cutContent(rest, fields);
    if (cut === undefined) return answers;
    answers.push({ status, head, fields, content: cut[0]! });
    rest = cut[1]!;
  }
}

/** Returns the content and what is behind it; undefined while it is not whole. */
function cutContent(text: string, fields: Record<string, string>): string[] | undefined {
  const length = fields["content-length"];
  if (length !== undefined) {
    return text.length < Number(length) ? undefined : [text.slice(0, Number(length)), text.slice(Number(length))];
  }
  if (fields["transfer-encoding"] !== "chunked") return [text, ""];
  let content = "";
  let rest = text;
  for (;;) {
    const line = rest.indexOf("\r\n");
    if (line < 0) return undefined;
    const size = Number.parseInt(rest.slice(0, line), 16);
    if (size === 0) {
      const end = rest.indexOf("\r\n\r\n");
      return end < 0 ? undefined : [content, rest.slice(end + 4)];
    }
    if (rest.length < line + 2 + size + 2) return undefined;
    content += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 2 + size + 2);
  }
}
