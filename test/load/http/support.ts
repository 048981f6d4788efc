import { expect } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type HttpOptions, type HttpReport, http, planHttp, type Report, runLoad } from "../../../src/load/mod.ts";
import { TLS } from "../../http/server/support.ts";

/** A report that has HTTP's section. */
export type ReportOfHttp = Report & { readonly protocol: HttpReport };

/** Runs on one connection for a moment, unless the options say otherwise. */
export async function runHttp(url: string, options: Partial<HttpOptions> = {}): Promise<ReportOfHttp> {
  const bound = options.requests === undefined ? { durationMs: 200 } : {};
  const report = await runLoad(http, planHttp({ url, connections: 1, ...bound, ...options }));
  if (report.protocol === undefined) throw new Error("The report has no section of HTTP");
  return report as ReportOfHttp;
}

/**
 * Every planned request is counted once, and its latency too: that of one without an answer as a lower bound. An answer has one
 * status, and an error one cause.
 */
export function expectBalance({ protocol, messages, latencyUs }: ReportOfHttp): void {
  const { planned, sent, dropped, answered, unanswered, received, unexpected } = messages;
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, one) => all + one, 0);
  expect(answered + protocol.errors + dropped).toBe(planned);
  expect([sent, received, unanswered]).toEqual([answered + unanswered, answered + unexpected, protocol.errors]);
  expect([sum(protocol.status), sum(protocol.errorsBy), sum(messages.droppedBy)]).toEqual([
    answered,
    protocol.errors,
    dropped,
  ]);
  expect([latencyUs.message.count, latencyUs.service.count, latencyUs.firstByte.count]).toEqual([planned, sent, sent]);
  expect(latencyUs.service.atLeast?.count ?? 0).toBe(unanswered);
}

/** A server of TCP or TLS, without anything that it does. */
export function listener(opened: (socket: Socket) => void, alpn: readonly string[] | undefined): Server {
  if (alpn === undefined) return createServer({ allowHalfOpen: true }, opened);
  const keys = { cert: readFileSync(TLS.cert), key: readFileSync(TLS.key) };
  const server = createTlsServer({ ...keys, ALPNProtocols: [...alpn] }, opened);
  server.on("tlsClientError", () => {});
  return server;
}

/** For servers that answer sooner or later, also on a machine that has no time. */
export const PATIENT = { timeoutMs: 60_000, verifyTls: false };

export interface RawServer extends AsyncDisposable {
  readonly url: string;
  /** Requests that came whole, and connections. */
  readonly seen: { requests: number; connections: number };
}

/**
 * A server that does with its connections whatever a test says: `answer` is called for each request whose head has come.
 *
 * @param answer gets the number of the request on its connection, from 0
 */
export async function rawServer(
  answer: (socket: Socket, index: number) => void,
  opened: (socket: Socket) => void = () => {},
  { isSecure = false } = {},
): Promise<RawServer> {
  const seen = { requests: 0, connections: 0 };
  const sockets = new Set<Socket>();
  const server = listener(
    (socket) => {
      seen.connections += 1;
      sockets.add(socket);
      let text = "";
      let index = 0;
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      socket.on("data", (bytes) => {
        text += bytes.toString("latin1");
        for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
          text = text.slice(end + 4);
          seen.requests += 1;
          answer(socket, index++);
        }
      });
      opened(socket);
    },
    isSecure ? ["http/1.1"] : undefined,
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http${isSecure ? "s" : ""}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
