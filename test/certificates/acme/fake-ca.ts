/** A CA that answers as RFC 8555 says, on a raw socket, except where a test has it answer otherwise. It cannot sign. */

import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";

/** What it is asked for; an order's resource, an authorization's and so on are one each. */
export type Resource = "dir" | "nonce" | "account" | "order" | "order-state" | "authorization" | "challenge" | "finalize" | "certificate" | "renewal"; // biome-ignore format: a list

/** An answer; 200 and JSON unless it says otherwise. */
interface Answer {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  type?: string;
}

/** An answer, or a function that writes what it likes to the socket. */
export type Reply = Answer | ((socket: Socket) => void);

export class FakeCa implements Disposable {
  /** Resources in the order they were asked for. */
  readonly asked: Resource[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #overrides: Partial<Record<Resource, Reply>>;
  #nonces = 0;

  private constructor(server: Server, overrides: Partial<Record<Resource, Reply>>) {
    this.#server = server;
    this.#overrides = overrides;
    server.on("connection", (socket) => this.#serve(socket));
  }

  static async open(overrides: Partial<Record<Resource, Reply>>): Promise<FakeCa> {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    return new FakeCa(server, overrides);
  }

  url(resource: Resource): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${resource}`;
  }

  get directory(): string {
    return this.url("dir");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const resource = /^\w+ \/([\w-]+)/.exec(text)![1] as Resource;
      text = text.slice(end + 4 + length);
      this.asked.push(resource);
      const reply = this.#overrides[resource] ?? this.#usual(resource);
      if (typeof reply === "function") reply(socket);
      else this.answer(socket, reply);
    });
  }

  /** A nonce comes with every answer but the directory (RFC 8555 §6.5). */
  answer(socket: Socket, { status = 200, headers = {}, json, text, type = "application/json" }: Answer): void {
    const body = text ?? (json === undefined ? "" : JSON.stringify(json));
    const lines = Object.entries({
      ...(this.asked.at(-1) === "dir" ? {} : { "replay-nonce": `nonce-${this.#nonces++}` }),
      "content-type": type,
      "content-length": String(Buffer.byteLength(body)),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} X\r\n${lines.join("")}\r\n${body}`);
  }

  /** All goes well until the certificate. */
  #usual(resource: Resource): Reply {
    const url = (other: Resource) => this.url(other);
    const order = {
      authorizations: [url("authorization")],
      finalize: url("finalize"),
      certificate: url("certificate"),
    };
    const status = this.asked.includes("challenge") ? "valid" : "pending";
    const challenge = { type: "http-01", url: url("challenge"), token: "t".repeat(43), status };
    const replies: Record<Resource, Reply> = {
      dir: {
        json: {
          newNonce: url("nonce"),
          newAccount: url("account"),
          newOrder: url("order"),
          renewalInfo: url("renewal"),
        },
      },
      nonce: { status: 204 },
      account: { status: 201, headers: { location: url("account") }, json: { status: "valid" } },
      order: { status: 201, headers: { location: url("order-state") }, json: { status: "pending", ...order } },
      "order-state": { json: { status: this.asked.includes("finalize") ? "valid" : "ready", ...order } },
      authorization: {
        json: {
          status,
          identifier: { type: "dns", value: "a.example.org" },
          challenges: [challenge],
        },
      },
      challenge: { json: challenge },
      finalize: { json: { status: "processing", ...order } },
      certificate: { text: "", type: "application/pem-certificate-chain" },
      renewal: { json: {} },
    };
    return replies[resource];
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
