import { type ClientHttp2Session, connect } from "node:http2";
import { join } from "node:path";
import { listen, type Server } from "../../src/net/mod.ts";
import { inProgressAt, PROXY_COUNTS, rejectionAt } from "../../src/proxy/counts.ts";
import type { Rejection } from "../../src/proxy/guard/mod.ts";
import type { ProxyOptions } from "../../src/proxy/handler/mod.ts";
import proxyModule from "../../src/proxy/handler/proxy-module.ts";
import { exchange, type RawTarget, rawTarget, startProxy } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `${name}.pem`);

/** A request as both protocols can send it. */
export interface Asked {
  readonly method?: string;
  readonly path?: string;
  /** Names in lower case. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Send the content without its length. */
  readonly isChunked?: boolean;
}

export interface Answered {
  readonly status: number;
  /** Names in lower case, one value each. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Asker {
  readonly proxy: Server;
  ask(asked?: Asked): Promise<Answered>;
  stop(): Promise<void>;
}

/** A proxy that is asked over HTTP/1.1, each request on a connection of its own. */
async function overHttp1(options: ProxyOptions): Promise<Asker> {
  const proxy = await startProxy(options);
  return {
    proxy,
    async ask({ method = "GET", path = "/", fields = {}, body = "", isChunked = false } = {}) {
      const content = body.toString("latin1" as never);
      const framed = isChunked ? `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n` : content;
      const length = isChunked ? { "transfer-encoding": "chunked" } : { "content-length": content.length };
      const all = { host: "app.home.arpa", connection: "close", ...fields, ...(content !== "" && length) };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      return parsed(await exchange(proxy.port, `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${framed}`));
    },
    stop: () => proxy.stop({ graceMs: 0 }),
  };
}

function parsed(text: string): Answered {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const fields = head
    .split("\r\n")
    .slice(1)
    .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]);
  return { status: Number(head.slice(9, 12)), fields: Object.fromEntries(fields), body: rest.join("\r\n\r\n") };
}

/** A proxy that is asked over HTTP/2, all requests on one connection. */
async function overHttp2(options: ProxyOptions): Promise<Asker> {
  const tls = { cert: fixture("localhost-cert"), key: fixture("localhost-key"), alpn: ["h2", "http/1.1"] };
  const proxy = await listen({ port: 0, halfOpen: true, tls, handlerCounts: PROXY_COUNTS }, proxyModule(options));
  const session = connect(`https://127.0.0.1:${proxy.port}`, { rejectUnauthorized: false });
  await new Promise((resolve) => session.once("remoteSettings", resolve));
  return {
    proxy,
    ask: (asked = {}) => askStream(session, asked),
    async stop() {
      session.destroy();
      await proxy.stop({ graceMs: 0 });
    },
  };
}

function askStream(session: ClientHttp2Session, asked: Asked): Promise<Answered> {
  const { method = "GET", path = "/", fields = {}, body = "", isChunked = false } = asked;
  const stream = session.request(
    {
      ":method": method,
      ":path": path,
      ":authority": "app.home.arpa",
      ...fields,
      ...(body.length > 0 && !isChunked && { "content-length": body.length }),
    },
    { endStream: body.length === 0 },
  );
  if (body.length > 0) stream.end(Buffer.from(body as string, "latin1"));
  return new Promise((resolve, reject) => {
    let headers: Record<string, unknown> = {};
    let content = "";
    stream.on("response", (given) => {
      headers = given;
    });
    stream.on("data", (chunk: Buffer) => {
      content += chunk.toString("latin1");
    });
    stream.on("error", reject);
    stream.on("end", () => {
      const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      resolve({ status: Number(headers[":status"]), fields: Object.fromEntries(texts), body: content });
    });
  });
}

export const PROTOCOLS = [
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
] as const;

/** A target that answers each request with all that it got of it, once its content is complete. */
export function mirrorTarget(): Promise<RawTarget> {
  return rawTarget((text, socket) => {
    const start = text.lastIndexOf(" HTTP/1.1\r\n");
    const last = text.slice(text.lastIndexOf("\n", start) + 1);
    const headEnd = last.indexOf("\r\n\r\n") + 4;
    if (headEnd < 4) return;
    const length = Number(/^content-length: (\d+)/im.exec(last)?.[1] ?? 0);
    const isChunked = /^transfer-encoding: chunked/im.test(last);
    if (isChunked ? !last.endsWith("\r\n0\r\n\r\n") : last.length < headEnd + length) return;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${last.length}\r\n\r\n${last}`, "latin1");
  });
}

/** Returns the content of a request that a mirror answered with, without chunk heads. */
export function contentOf(mirrored: string): string {
  const content = mirrored.slice(mirrored.indexOf("\r\n\r\n") + 4);
  if (!/^transfer-encoding: chunked/im.test(mirrored)) return content;
  return `\r\n${content}`.replace(/\r\n[0-9a-f]+\r\n/g, "").replace(/\r\n$/, "");
}

/** Returns how many requests of the first service were rejected for a reason. */
export function rejected(proxy: Server, reason: Rejection): number {
  return rowsOf(proxy).reduce((sum, row) => sum + row[rejectionAt(1, reason)]!, 0);
}

/** Returns how many of its requests are in progress. */
export function inProgress(proxy: Server): number {
  return rowsOf(proxy).reduce((sum, row) => sum + row[inProgressAt(1)]!, 0);
}

function rowsOf(proxy: Server): Float64Array[] {
  return [...proxy.handlerRows()].filter(({ length }) => length >= PROXY_COUNTS.counters) as Float64Array[];
}

/** Waits until something holds that no event tells of. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Waits until a figure that grew stands still, since everything on the way is full. @returns it */
export async function settled(figure: () => number): Promise<number> {
  for (let before = -1, still = 0; still < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = figure();
    still = now === before && now > 0 ? still + 1 : 0;
    before = now;
  }
  return figure();
}

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
