import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** A request as a server saw it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Counts connections from 0. */
  readonly connection: number;
}

type Answer = (response: ServerResponse, asked: Asked, index: number) => void;

/** A server of Node that keeps what it was asked, over HTTP/1.1 or HTTP/2. */
export async function askedServer(version: "1.1" | "2", answer: Answer = (response) => void response.end("hello")) {
  const asked: Asked[] = [];
  const connections: unknown[] = [];
  const listener = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => {
    const of = "stream" in request ? request.stream.session : request.socket;
    if (!connections.includes(of)) connections.push(of);
    let body = "";
    request.on("data", (bytes: Buffer) => {
      body += bytes.toString();
    });
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      const one = { method, path, headers, body, connection: connections.indexOf(of) };
      asked.push(one);
      answer(response as ServerResponse, one, asked.length - 1);
    });
  };
  const open = new Set<Socket | ServerHttp2Session>();
  const server = version === "2" ? createHttp2Server(listener) : createServer(listener);
  server.on(version === "2" ? "session" : "connection", (each: Socket | ServerHttp2Session) => {
    open.add(each);
    each.on("error", () => {});
    each.on("close", () => open.delete(each));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const each of open) each.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** How often each of these came. */
export function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
