/** The store with a real CA: declared names get certificates by the listeners that they are for. */
import { beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import {
  type CertificateStore,
  type Declaration,
  LocalCa,
  openCertificateStore,
} from "../../../src/certificates/mod.ts";
import { listen, type Server } from "../../../src/net/mod.ts";
import { hasGo } from "../../net/go.ts";
import { freePort, until } from "../../net/support.ts";
import { keptLog, newFolder } from "../support.ts";
import { buildPebble, type Pebble, startPebble } from "./pebble.ts";
import { issuerFor } from "./support.ts";

// Where Go is absent, pebble.test.ts says so.
describe.skipIf(!hasGo)("the store with Pebble", () => {
  beforeAll(buildPebble, 300_000);

  test.each(["http-01", "tls-alpn-01"] as const)(
    "serves a declared name after %s, and again at a start without the CA",
    async (kind) => {
      const folder = newFolder();
      const ports = { httpPort: 0, tlsPort: await freePort() };
      let store: CertificateStore | undefined;
      const http = createServer((request, response) => {
        const answer = store?.httpChallenge(request.url?.split("/").at(-1) ?? "");
        response.writeHead(answer === undefined ? 404 : 200).end(answer);
      }).listen(0, "127.0.0.1");
      ports.httpPort = (http.address() as AddressInfo).port;
      const pebble = await startPebble({ ...ports, badNonces: 50 });
      const root = await (await fetch(`${pebble.management}/roots/0`, { tls: { ca: pebble.ca } })).text();
      const start = async () => {
        store = await openWith(pebble, kind, folder);
        return serve(store, ports.tlsPort, ["git.example.org", "app.example.org"]);
      };
      const first = await start();
      await until(
        () => store!.status().filter(({ issuer, state }) => issuer === "acme" && state === "valid").length === 2,
      );
      await until(() => Object.keys(first.declaration.tls.challenges).length === 0);
      for (const name of ["git.example.org", "app.example.org"])
        expect(await serverOf(ports.tlsPort, name, root)).toBe("trusted");
      // A name that nobody declared has the local CA's certificate, and is not asked for.
      expect(await serverOf(ports.tlsPort, "other.example.org", root)).not.toBe("trusted");
      expect(store!.status().flatMap(({ names }) => names)).not.toContain("other.example.org");
      await store!.close();
      await first.server.stop();
      await pebble.stop();

      const second = await start();
      expect(await serverOf(ports.tlsPort, "git.example.org", root)).toBe("trusted");
      await store!.close();
      await second.server.stop();
      http.close();
    },
  );
});

function openWith(pebble: Pebble, kind: "http-01" | "tls-alpn-01", folder: string): Promise<CertificateStore> {
  const { log } = keptLog();
  return openCertificateStore({
    folder,
    local: new LocalCa({ folder: undefined, hostname: "nas", log }),
    acme: (challenges) => issuerFor(pebble, challenges, { challenges: [kind], folder: `${folder}/acme` }),
    log,
  });
}

async function serve(
  store: CertificateStore,
  port: number,
  names: string[],
): Promise<{ server: Server; declaration: Declaration }> {
  const { promise: listening, resolve } = Promise.withResolvers<Server>();
  const changed = async ({ tls }: Declaration) => (await listening).updateTls(tls);
  const declaration = await store.declare(names, { owner: "test", changed });
  const server = await listen({ port, host: "127.0.0.1", tls: declaration.tls }, {});
  resolve(server);
  return { server, declaration };
}

/** Whether who answers for `servername` is trusted, or why not. */
function serverOf(port: number, servername: string, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", servername, ca });
    socket.once("secureConnect", () => {
      resolve("trusted");
      socket.destroy();
    });
    socket.once("error", (error) => resolve(error.message));
  });
}
