import { createServer, type Server as NetServer, connect as netConnect, type Socket } from "node:net";
import { parseConfig } from "../../src/app/mod.ts";
import { listen, type Server } from "../../src/net/mod.ts";
import { MAX_SLOTS, PROXY_COUNTS } from "../../src/proxy/counts.ts";
import type { ProxyOptions } from "../../src/proxy/handler/mod.ts";
import proxyModule from "../../src/proxy/handler/proxy-module.ts";

/** Options of a proxy for the services of a configuration's text. */
export function proxyOptions(services: string, more: Partial<ProxyOptions> = {}): ProxyOptions {
  const loaded = parseConfig(`domain: home.arpa\nservices:\n${services}`, "test.yaml");
  return {
    services: loaded.services,
    own: { hosts: ["localhost", "box.home.arpa"], body: "own {http.request.uri}\n", pages: {} },
    hstsHosts: [],
    trustedProxies: [],
    challenges: {},
    slots: Object.fromEntries(loaded.services.map(({ name }, index) => [name, (index + 1) % MAX_SLOTS])),
    server: {},
    ...more,
  };
}

/** A proxy on this event loop. */
export function startProxy(options: ProxyOptions): Promise<Server> {
  const handler = proxyModule(options);
  return listen({ host: "127.0.0.1", port: 0, halfOpen: true, handlerCounts: PROXY_COUNTS }, handler);
}

/** A target that answers by hand: a plain TCP server. */
export interface RawTarget {
  readonly port: number;
  /** Text of each connection so far. */
  readonly received: string[];
  readonly sockets: Socket[];
  stop(): void;
}

/** @param answer called with all that came on a connection so far, whenever more came */
export async function rawTarget(answer: (text: string, socket: Socket, index: number) => void): Promise<RawTarget> {
  const received: string[] = [];
  const sockets: Socket[] = [];
  const server: NetServer = createServer({ allowHalfOpen: true }, (socket) => {
    const index = sockets.push(socket) - 1;
    received[index] = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received[index] += chunk.toString("latin1");
      answer(received[index]!, socket, index);
    });
    socket.on("end", () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    received,
    sockets,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A target that answers every request with its own text, by length. */
export function echoTarget(): Promise<RawTarget> {
  return rawTarget((text, socket) => {
    if (!text.endsWith("\r\n\r\n")) return;
    const last = text.slice(text.lastIndexOf("\r\n\r\n", text.length - 5) + 1).replace(/^\r\n\r\n|^\n\r\n/, "");
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${last.length}\r\n\r\n${last}`);
  });
}

/** A client that writes text and reads text. */
export class RawClient {
  readonly socket: Socket;
  text = "";
  ended = false;
  #changed: (() => void) | undefined;

  constructor(port: number, localAddress?: string) {
    this.socket = netConnect({ port, host: "127.0.0.1", allowHalfOpen: true, ...(localAddress && { localAddress }) });
    this.socket.on("error", () => this.#over());
    this.socket.on("close", () => this.#over());
    this.socket.on("end", () => this.#over());
    this.socket.on("data", (chunk) => {
      this.text += chunk.toString("latin1");
      this.#changed?.();
    });
  }

  #over(): void {
    this.ended = true;
    this.#changed?.();
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Resolves with all text so far, once `isThere` holds or the connection ended. */
  async until(isThere: (text: string) => boolean): Promise<string> {
    while (!isThere(this.text) && !this.ended) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends one request and returns the whole answer: until the connection closes, so it asks for that. */
export async function exchange(port: number, request: string, localAddress?: string): Promise<string> {
  const client = new RawClient(port, localAddress).send(request);
  const text = await client.until(() => false);
  client.close();
  return text;
}

export const get = (target: string, host: string, ...fields: string[]): string =>
  `GET ${target} HTTP/1.1\r\n${[`Host: ${host}`, "Connection: close", ...fields].join("\r\n")}\r\n\r\n`;

export const statusOf = (answer: string): number => Number(answer.slice(9, 12));
export const bodyOf = (answer: string): string => answer.slice(answer.indexOf("\r\n\r\n") + 4);
