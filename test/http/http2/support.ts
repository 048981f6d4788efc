import { createConnection, type Socket } from "node:net";
import type { Exchange, ExchangeHandler } from "../../../src/http/exchange.ts";
import { Http2Server, type Http2ServerOptions } from "../../../src/http/http2/mod.ts";
import { type ListenOptions, listen, type Server } from "../../../src/net/mod.ts";
import { fieldLine, Head, latin1 } from "../../../src/wire/http1/mod.ts";
import {
  ErrorCode,
  FieldSection,
  FrameFlag,
  FrameType,
  frameLength,
  HpackDecoder,
  PREFACE,
  readUint31,
  writeFrameHeader,
  writeUint32,
} from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { linesOf } from "../../wire/http2/support.ts";
import { concat } from "../../wire/support.ts";

export const encoder = new TextEncoder();
export const decoder = new TextDecoder();
const NOTHING: Uint8Array = new Uint8Array(0);

export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  payload: Uint8Array;
}

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array = NOTHING): Uint8Array {
  const bytes = new Uint8Array(9 + payload.length);
  bytes.set(payload, writeFrameHeader(bytes, 0, payload.length, type, flags, streamId));
  return bytes;
}

export function uint32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  for (const [index, value] of values.entries()) writeUint32(bytes, index * 4, value);
  return bytes;
}

/** A field block of plain literals: it needs no encoder, and repairs nothing. */
export function block(lines: readonly string[]): Uint8Array {
  return Uint8Array.from(
    lines.flatMap((line) => {
      const colon = line.indexOf(":", 1);
      return [0, ...text(line.slice(0, colon)), ...text(line.slice(colon + 2))];
    }),
  );
}

function text(value: string): number[] {
  const bytes = [...Buffer.from(value, "latin1")];
  let rest = bytes.length - 127;
  if (rest < 0) return [bytes.length, ...bytes];
  const length = [127];
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return [...length, rest, ...bytes];
}

export const get = (path = "/", ...more: string[]) => [
  ":method: GET",
  ":scheme: http",
  `:path: ${path}`,
  ":authority: a.example",
  ...more,
];
export const post = (path = "/", ...more: string[]) => [":method: POST", ...get(path, ...more).slice(1)];

/** A client that sends exactly what it is told to. */
export class RawClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** `name: value` lines of each head that came, with the stream in front: `1 :status: 200`. */
  readonly heads: string[][] = [];
  closed = false;
  /** Reads of the socket that had frames. */
  reads = 0;
  readonly #decoder = new HpackDecoder();
  #kept = NOTHING;
  #headBlock = NOTHING;

  constructor(port: number, settings: readonly number[] = []) {
    this.socket = createConnection({ host: "127.0.0.1", port });
    this.socket.on("data", (chunk) => this.#read(new Uint8Array(chunk as Buffer)));
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("error", () => {});
    const payload = new Uint8Array((settings.length / 2) * 6);
    for (let index = 0; index < settings.length; index += 2) {
      payload[index * 3 + 1] = settings[index]!;
      writeUint32(payload, index * 3 + 2, settings[index + 1]!);
    }
    this.write(PREFACE, frame(FrameType.settings, 0, 0, payload));
  }

  write(...parts: Uint8Array[]): void {
    this.socket.write(concat(...parts));
  }

  request(streamId: number, lines: readonly string[], isEnd = true): void {
    this.write(request(streamId, lines, isEnd));
  }

  data(streamId: number, content: string | Uint8Array, isEnd = false): void {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    this.write(frame(FrameType.data, isEnd ? FrameFlag.endStream : 0, streamId, bytes));
  }

  of(type: number, streamId?: number): Frame[] {
    return this.frames.filter((each) => each.type === type && (streamId === undefined || each.streamId === streamId));
  }

  resetStream(streamId: number): void {
    this.write(frame(FrameType.rstStream, 0, streamId, uint32(ErrorCode.cancel)));
  }

  /** Content that came on a stream. */
  content(streamId: number): string {
    return decoder.decode(concat(...this.of(FrameType.data, streamId).map(({ payload }) => payload)));
  }

  head(streamId: number, which = 0): string[] | undefined {
    return this.heads.filter(([id]) => id === String(streamId))[which]?.slice(1);
  }

  hasEnded(streamId: number): boolean {
    return this.frames.some(
      ({ type, flags, streamId: id }) =>
        id === streamId && type <= FrameType.headers && (flags & FrameFlag.endStream) !== 0,
    );
  }

  /** Waits for the end of an answer. */
  async answer(streamId: number): Promise<{ head: string[]; content: string }> {
    await until(() => this.hasEnded(streamId) || this.closed);
    return { head: this.head(streamId) ?? [], content: this.content(streamId) };
  }

  /** Waits for a reset. @returns its error code */
  async reset(streamId: number): Promise<number> {
    await until(() => this.of(FrameType.rstStream, streamId).length > 0 || this.closed);
    return new DataView(this.of(FrameType.rstStream, streamId)[0]!.payload.buffer).getUint32(0);
  }

  /** Waits for GOAWAY. @returns its error code */
  async goAway(withinMs = 4000): Promise<number> {
    await until(() => this.of(FrameType.goAway).length > 0 || this.closed, withinMs);
    return new DataView(this.of(FrameType.goAway)[0]!.payload.buffer).getUint32(4);
  }

  /** Waits until everything that was sent before is read: a PING comes back. */
  async ping(): Promise<void> {
    const count = this.of(FrameType.ping).length;
    this.write(frame(FrameType.ping, 0, 0, new Uint8Array(8)));
    await until(() => this.of(FrameType.ping).length > count || this.closed);
  }

  #read(chunk: Uint8Array): void {
    let bytes = concat(this.#kept, chunk);
    this.reads += 1;
    while (bytes.length >= 9 && bytes.length >= 9 + frameLength(bytes, 0)) {
      const end = 9 + frameLength(bytes, 0);
      const each = { type: bytes[3]!, flags: bytes[4]!, streamId: readUint31(bytes, 5), payload: bytes.slice(9, end) };
      this.frames.push(each);
      if (each.type === FrameType.headers || each.type === FrameType.continuation) this.#addHead(each);
      bytes = bytes.subarray(end);
    }
    this.#kept = bytes.slice();
  }

  #addHead({ flags, streamId, payload }: Frame): void {
    this.#headBlock = concat(this.#headBlock, payload);
    if ((flags & FrameFlag.endHeaders) === 0) return;
    const section = new FieldSection({ maxBytes: 100_000, maxFields: 1000, maxBlockBytes: 100_000 });
    const isDecoded = this.#decoder.decode(this.#headBlock, 0, this.#headBlock.length, section);
    this.heads.push([String(streamId), ...(isDecoded ? linesOf(section) : ["cannot be decoded"])]);
    this.#headBlock = NOTHING;
  }
}

export function request(streamId: number, lines: readonly string[], isEnd = true): Uint8Array {
  return frame(FrameType.headers, FrameFlag.endHeaders | (isEnd ? FrameFlag.endStream : 0), streamId, block(lines));
}

export const TEXT_PLAIN = fieldLine("Content-Type", "text/plain");

/** Answers with a text at once. */
export function answer(exchange: Exchange, content: string, status = 200): void {
  exchange.begin(status).line(TEXT_PLAIN);
  const bytes = encoder.encode(content);
  exchange.sendHead(bytes.length, bytes);
  exchange.end();
}

/** A handler that notes what happens, and answers as the path says. */
export class Recorder implements ExchangeHandler {
  readonly events: string[] = [];
  readonly exchanges: Exchange[] = [];
  onRequest: (exchange: Exchange, target: string) => void = (exchange, target) =>
    answer(exchange, `you asked for ${target}`);
  onBody: ((exchange: Exchange, bytes: Uint8Array) => void) | undefined;
  onEnd: ((exchange: Exchange) => void) | undefined;
  onDrain: ((exchange: Exchange) => void) | undefined;

  request(exchange: Exchange, head: Head, bytes: Uint8Array): void {
    const target = latin1(bytes, head.targetStart, head.targetEnd);
    this.events.push(`request ${latin1(bytes, head.methodStart, head.methodEnd)} ${target}`);
    this.exchanges.push(exchange);
    this.onRequest(exchange, target);
  }
  body(exchange: Exchange, bytes: Uint8Array): void {
    this.events.push(`body ${bytes.length}`);
    this.onBody?.(exchange, bytes);
  }
  bodyEnd(exchange: Exchange, trailers: Head | undefined, bytes: Uint8Array | undefined): void {
    const names = trailers && bytes ? latin1(bytes, trailers.fields[0]!, trailers.fields[3]!) : "";
    this.events.push(`bodyEnd ${names}`.trim());
    this.onEnd?.(exchange);
  }
  drain(exchange: Exchange): void {
    this.events.push("drain");
    this.onDrain?.(exchange);
  }
  finished(exchange: Exchange): void {
    this.events.push(`finished ${exchange.status} ${exchange.outcome}`);
  }
  /** Passes on an interim answer. */
  interim(exchange: Exchange, status: number): void {
    const { head, bytes } = headOf("link: </a>");
    head.status = status;
    exchange.interim(head, bytes);
  }
  endWithTrailers(exchange: Exchange, line: string): void {
    const { head, bytes } = headOf(line);
    exchange.end(head, bytes);
  }
  answeredItself(_client: unknown, status: number, reason: string): void {
    this.events.push(`answeredItself ${status} ${reason}`);
  }
}

/** Sets what is done with each request. */
export function handle(recorder: Recorder, onRequest: Recorder["onRequest"]): void {
  recorder.onRequest = onRequest;
}

/** Sends back what comes. */
export function echoAll(recorder: Recorder): void {
  recorder.onRequest = (exchange) => {
    exchange.begin(200);
    exchange.sendHead(-1);
  };
  recorder.onBody = (exchange, bytes) => exchange.send(bytes);
  recorder.onEnd = (exchange) => exchange.end();
}

/** A head of one field, as one that was read. */
function headOf(line: string): { head: Head; bytes: Uint8Array } {
  const bytes = encoder.encode(line);
  const head = new Head();
  head.begin(11);
  head.add(0, line.indexOf(":"), line.indexOf(":") + 2, bytes.length, 0);
  return { head, bytes };
}

export interface Served extends AsyncDisposable {
  server: Server;
  http2: Http2Server;
  recorder: Recorder;
  port: number;
  connect(settings?: readonly number[]): RawClient;
}

/** Serves HTTP/2 without TLS, to clients that know it. */
export async function serve(
  options: Http2ServerOptions = {},
  setUp: (recorder: Recorder) => void = () => {},
  listenOptions: ListenOptions = {},
): Promise<Served> {
  const recorder = new Recorder();
  setUp(recorder);
  const http2 = new Http2Server(recorder, options);
  const server = await listen({ host: "127.0.0.1", halfOpen: true, ...listenOptions }, http2);
  const clients: RawClient[] = [];
  return {
    server,
    http2,
    recorder,
    port: server.port,
    connect(settings) {
      const client = new RawClient(server.port, settings);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.socket.destroy();
      await server.stop({ graceMs: 0 });
    },
  };
}
