import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type HttpOptions, type HttpReport, http, planHttp, type Report, runLoad } from "../../../src/load/mod.ts";

/** A report that has HTTP's section. */
export type ReportOfHttp = Report & { readonly protocol: HttpReport };

/** Runs on one connection for a moment, unless the options say otherwise. */
export async function runHttp(url: string, options: Partial<HttpOptions> = {}): Promise<ReportOfHttp> {
  const bound = options.requests === undefined ? { durationMs: 200 } : {};
  const report = await runLoad(http, planHttp({ url, connections: 1, ...bound, ...options }));
  if (report.protocol === undefined) throw new Error("The report has no section of HTTP");
  return report as ReportOfHttp;
}

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
): Promise<RawServer> {
  const seen = { requests: 0, connections: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
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
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
