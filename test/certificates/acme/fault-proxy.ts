/** A proxy before a CA that breaks single requests, and remembers the nonces that clients send. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Pebble } from "./pebble.ts";

/** `lost`: the CA has the request, the client no answer. `cut`: neither. The others are answers of the proxy. */
export type Fault = "lost" | "cut" | "error" | "busy" | "limited";
export const FAULTS: readonly Fault[] = ["lost", "cut", "error", "busy", "limited"];

const ANSWERS = {
  error: [500, {}, "serverInternal"],
  busy: [503, { "retry-after": "0" }, "serverInternal"],
  limited: [429, { "retry-after": "Mon, 30 Nov 2020 10:00:00 GMT" }, "rateLimited"],
} as const;

export class FaultProxy implements AsyncDisposable {
  /** Of every signed request, also of those that were broken. */
  readonly nonces: string[] = [];
  /** Of the orders since `plan`. */
  orders: object[] = [];
  /** Paths requested since `plan`. */
  paths: string[] = [];
  readonly #server: Server;
  readonly #pebble: Pebble;
  #faultOf: (index: number) => Fault | undefined = () => undefined;

  private constructor(pebble: Pebble, server: Server) {
    this.#pebble = pebble;
    this.#server = server;
    server.on("request", (request, response) => void this.#pass(request, response));
  }

  static async open(pebble: Pebble): Promise<FaultProxy> {
    const server = createServer(pebble.serverCertificate).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    return new FaultProxy(pebble, server);
  }

  get directory(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/dir`;
  }

  /** Says which of the next requests are broken, by their number from 0. */
  plan(faultOf: (index: number) => Fault | undefined): void {
    this.paths = [];
    this.orders = [];
    this.#faultOf = faultOf;
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#faultOf(this.paths.length);
    this.paths.push(request.url ?? "");
    const body = await textOf(request);
    if (body !== "") this.#keep(JSON.parse(body));
    if (fault === "cut") return void request.socket.destroy();
    if (fault !== undefined && fault !== "lost") {
      const [status, headers, type] = ANSWERS[fault];
      response.writeHead(status, { ...headers, "content-type": "application/problem+json" });
      return void response.end(
        JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: "a planned fault" }),
      );
    }
    const { method = "GET", headers } = request;
    const answer = await fetch(`https://localhost:${this.#pebble.port}${request.url}`, {
      method,
      headers: {
        host: headers.host ?? "",
        "content-type": headers["content-type"] ?? "",
        accept: headers.accept ?? "",
      },
      ...(body === "" ? {} : { body }),
      tls: { ca: this.#pebble.ca },
    });
    const text = await answer.text();
    if (fault === "lost") return void request.socket.destroy();
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(text);
  }

  #keep(jws: { protected: string; payload: string }): void {
    const { nonce, url } = decoded(jws.protected);
    this.nonces.push(String(nonce));
    if (String(url).endsWith("/order-plz")) this.orders.push(decoded(jws.payload));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const bytes of request) text += bytes;
  return text;
}

function decoded(part: string): Record<string, unknown> {
  return part === "" ? {} : JSON.parse(Buffer.from(part, "base64url").toString());
}
