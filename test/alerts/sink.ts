import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A web server that keeps what it gets, and answers as a test says. */
export class Sink implements AsyncDisposable {
  readonly received: Received[] = [];
  /** Answers in turn; then 200. */
  readonly answers: Answer[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        this.received.push({ method, url, headers, body: Buffer.concat(parts).toString() });
        const { status = 200, headers: own = {}, body = "{}" } = this.answers.shift() ?? {};
        response.writeHead(status, own).end(body);
      });
    });
  }

  static async open(port = 0): Promise<Sink> {
    const sink = new Sink();
    await new Promise<void>((resolve) => sink.#server.listen(port, "127.0.0.1", resolve));
    return sink;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON a test looks into
  get bodies(): any[] {
    return this.received.map(({ body }) => JSON.parse(body));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A port of this machine on which nothing listens. */
export async function closedPort(): Promise<number> {
  const sink = await Sink.open();
  const { port } = sink;
  await sink[Symbol.asyncDispose]();
  return port;
}

export async function until(condition: () => boolean, what = "it"): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
