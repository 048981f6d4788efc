import { randomBytes, randomUUID } from "node:crypto";
import { listen, type Server } from "../../net/mod.ts";
import type { DohTarget } from "../../part/mod.ts";
import { DOH_PATH, type HttpsListenerOptions, httpsListener } from "../listeners/mod.ts";

/** More than the event loops of an HTTPS listener keep open for queries in flight. */
const MAX_CONNECTIONS = 16_384;

/** Serves queries by HTTPS on a local socket, to which the proxy that terminates TLS forwards them. */
export class DohServer {
  readonly target: DohTarget;
  readonly #server: Server;

  private constructor(server: Server, target: DohTarget) {
    this.#server = server;
    this.target = target;
  }

  static async start(options: Omit<HttpsListenerOptions, "authorization">): Promise<DohServer> {
    const name = `tenk-doh-${randomUUID()}`;
    const authorization = `Bearer ${randomBytes(32).toString("base64url")}`;
    const limits = { maxConnections: MAX_CONNECTIONS };
    const handler = httpsListener({ ...options, authorization });
    // In the abstract space: no file is left behind, and the secret keeps others out.
    const server = await listen({ path: `\0${name}`, name: "dns-https", halfOpen: true, limits }, handler);
    const header = ["Authorization", authorization] as const;
    return new DohServer(server, { path: DOH_PATH, url: `unix:@${name}`, header });
  }

  async stop(graceMs: number): Promise<void> {
    await this.#server.stop({ graceMs });
  }
}
