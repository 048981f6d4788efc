import { createServer, type Server, type Socket } from "node:net";
import {
  HttpTarget,
  type HttpTargetOptions,
  type RequestBlock,
  type ResponseEvents,
  type TargetExchange,
  type TargetFailure,
} from "../../../src/http/mod.ts";
import { FIELD_STRIDE, type Head, latin1 } from "../../../src/wire/http1/mod.ts";

/** What came of one request, in the order in which it came. */
export class Recorder implements ResponseEvents {
  exchange!: TargetExchange;
  /** `103`, `200`, `body`, `end`, `drain`, `failed`. */
  readonly events: string[] = [];
  status = 0;
  fields: Record<string, string> = {};
  /** The body. */
  text = "";
  bodyBytes = 0;
  trailers: Record<string, string> | undefined;
  failure: TargetFailure | undefined;
  isDone = false;
  readonly #done = Promise.withResolvers<this>();
  /** Called with each event. */
  onEvent: (event: string) => void = () => {};

  /** Resolves at the answer's end, or at the failure. */
  get done(): Promise<this> {
    return this.#done.promise;
  }

  interim(head: Head, bytes: Uint8Array): void {
    this.fields = fieldsOf(head, bytes);
    this.#note(`${head.status}`);
  }

  response(head: Head, bytes: Uint8Array, bodyFrom: number, bodyTo: number): void {
    this.status = head.status;
    this.fields = fieldsOf(head, bytes);
    this.#note(`${head.status}`);
    if (bodyFrom < bodyTo) this.#take(bytes.subarray(bodyFrom, bodyTo));
  }

  body(bytes: Uint8Array): void {
    this.#take(bytes);
  }

  bodyEnd(trailers?: Head, bytes?: Uint8Array): void {
    if (trailers !== undefined && bytes !== undefined) this.trailers = fieldsOf(trailers, bytes);
    this.#finish("end");
  }

  drain(): void {
    this.#note("drain");
  }

  failed(failure: TargetFailure): void {
    this.failure = failure;
    this.#finish("failed");
  }

  /** What a client could take for a whole answer. */
  get looksWhole(): boolean {
    return this.events.includes("end");
  }

  #take(bytes: Uint8Array): void {
    this.bodyBytes += bytes.length;
    if (this.text.length < 1e5) this.text += latin1(bytes, 0, bytes.length);
    if (this.events.at(-1) !== "body") this.#note("body");
  }

  #finish(event: string): void {
    if (this.isDone) throw new Error(`${event} after ${this.events}`);
    this.isDone = true;
    this.#note(event);
    this.#done.resolve(this);
  }

  #note(event: string): void {
    this.events.push(event);
    this.onEvent(event);
  }
}

export function fieldsOf(head: Head, bytes: Uint8Array): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let place = 0; place < head.count * FIELD_STRIDE; place += FIELD_STRIDE) {
    const [nameStart = 0, nameEnd = 0, valueStart = 0, valueEnd = 0] = head.fields.subarray(place, place + 4);
    fields[latin1(bytes, nameStart, nameEnd).toLowerCase()] = latin1(bytes, valueStart, valueEnd);
  }
  return fields;
}

/** A request without a body, unless `more` says otherwise. */
export function blockOf(text: string, more: Partial<RequestBlock> = {}): RequestBlock {
  const bytes = Buffer.from(text, "latin1");
  return {
    bytes,
    from: 0,
    to: bytes.length,
    bodyBytes: 0,
    framing: "none",
    bodyLength: 0,
    isWhole: true,
    isHead: text.startsWith("HEAD "),
    isUpgrade: false,
    carriesChunks: false,
    isFresh: false,
    ...more,
  };
}

export const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

export function send(target: Pick<HttpTarget, "send">, text = GET, more: Partial<RequestBlock> = {}): Recorder {
  const recorder = new Recorder();
  recorder.exchange = target.send(recorder, blockOf(text, more));
  return recorder;
}

/** One connection that a raw target got. */
export interface RawConnection {
  readonly socket: Socket;
  /** All that came on it. */
  received: string;
  /** Its number, from 0. */
  readonly index: number;
  ended: boolean;
}

/** A target of another make, which answers as `answer` says: called at each read with all that came so far. */
export class RawTarget {
  readonly connections: RawConnection[] = [];
  readonly #server: Server;
  port = 0;

  constructor(answer: (connection: RawConnection) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection: RawConnection = { socket, received: "", index: this.connections.length, ended: false };
      this.connections.push(connection);
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        connection.received += bytes.toString("latin1");
        answer(connection);
      });
      socket.on("end", () => {
        connection.ended = true;
        socket.end();
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = (this.#server.address() as { port: number }).port;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.connections) socket.destroy();
  }
}

/** Gives out targets, and ends all of them. */
export class Bench {
  readonly #closers: (() => unknown)[] = [];

  async raw(answer: (connection: RawConnection) => void): Promise<RawTarget> {
    const raw = await new RawTarget(answer).listen();
    this.#closers.push(() => raw.close());
    return raw;
  }

  target(options: HttpTargetOptions): HttpTarget {
    const target = new HttpTarget(options);
    this.#closers.push(() => target.stop({ graceMs: 0 }));
    return target;
  }

  /** A client of a target that gives every request this answer, and closes afterwards where `thenCloses`. */
  async answering(answer: string, thenCloses = false, options: Partial<HttpTargetOptions> = {}): Promise<HttpTarget> {
    const raw = await this.raw(({ socket }) => {
      socket.write(answer, "latin1");
      if (thenCloses) socket.end();
    });
    return this.target({ url: raw.url, ...options });
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}
