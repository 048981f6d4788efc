/** Ports 80 and 443 of a test's own, where a CA looks for answers to challenges. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { challengeCertificate } from "../../../src/certificates/acme/x509.ts";
import type { ChallengeResponses, IssuedCertificate } from "../../../src/certificates/mod.ts";
import { listen, type Server as TcpServer } from "../../../src/net/mod.ts";

const PATH = "/.well-known/acme-challenge/";

export class TestResponses implements ChallengeResponses, AsyncDisposable {
  readonly tokens = new Map<string, string>();
  readonly names = new Map<string, IssuedCertificate>();
  /** All that were ever served: `http-01` and `tls-alpn-01`. */
  readonly served: string[] = [];
  /** Changes what HTTP-01 answers. */
  disguise = (answer: string): string => answer;
  readonly #http: Server;
  readonly #tls: TcpServer;
  readonly #own: IssuedCertificate;

  private constructor(http: Server, tls: TcpServer, own: IssuedCertificate) {
    this.#http = http;
    this.#tls = tls;
    this.#own = own;
    http.on("request", (request, response) => {
      const answer = this.tokens.get(request.url?.slice(PATH.length) ?? "");
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "text/plain" });
      response.end(answer === undefined ? "no such token" : this.disguise(answer));
    });
  }

  static async open(): Promise<TestResponses> {
    const http = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => http.once("listening", resolve));
    const own = await challengeCertificate({ type: "dns", value: "unknown.example.org" }, new Uint8Array(32));
    const tls = await listen({ host: "127.0.0.1", tls: { ...own, alpn: ["http/1.1"] } }, {});
    return new TestResponses(http, tls, own);
  }

  get ports(): { httpPort: number; tlsPort: number } {
    return { httpPort: (this.#http.address() as AddressInfo).port, tlsPort: this.#tls.port };
  }

  async serveTls(name: string, certificate: IssuedCertificate): Promise<() => void> {
    this.served.push("tls-alpn-01");
    this.names.set(name, certificate);
    await this.#updateTls();
    return () => {
      this.names.delete(name);
      return this.#updateTls();
    };
  }

  async serveHttp(token: string, keyAuthorization: string): Promise<() => void> {
    this.served.push("http-01");
    this.tokens.set(token, keyAuthorization);
    return () => void this.tokens.delete(token);
  }

  #updateTls(): Promise<void> {
    return this.#tls.updateTls({ ...this.#own, alpn: ["http/1.1"], challenges: Object.fromEntries(this.names) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.close();
    await this.#tls.stop();
  }
}
