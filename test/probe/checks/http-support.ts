import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { checkHttp, type HttpCheck } from "../../../src/probe/checks/mod.ts";
import type { Outcome } from "../../../src/probe/health/mod.ts";

/** Servers of one test, which end with it. */
export class Servers implements Disposable {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  http(listener: RequestListener): Promise<number> {
    return this.listen(createServer(listener));
  }

  /** @param answer what each connection gets, at its first bytes */
  tcp(answer: (socket: Socket) => void): Promise<number> {
    return this.listen(createTcpServer((socket) => socket.once("data", () => answer(socket))));
  }

  async listen(server: Server): Promise<number> {
    this.#servers.push(server);
    server.on("connection", (socket) => this.#sockets.add(socket.on("error", () => {})));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
  }
}

export function probe(port: number, more: Partial<HttpCheck> = {}): Promise<Outcome> {
  return checkHttp({
    url: `http://127.0.0.1:${port}`,
    timeoutMs: 20_000,
    slowMs: 20_000,
    certificateDays: 7,
    maxBodyBytes: 65_536,
    ...more,
  });
}

export const reasonOf = (outcome: Outcome) => ("reason" in outcome ? outcome.reason : undefined);
