import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, listen, type Server } from "../../src/net/mod.ts";
import { selfSigned } from "./self-signed.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-address-"));
let server: Server;

const own = selfSigned(folder, "own");
const other = selfSigned(folder, "other");
beforeAll(async () => {
  server = await listen(
    { host: "127.0.0.1", port: 0, tls: own },
    { chunk: (connection, bytes) => void connection.write(bytes) },
  );
});
afterAll(async () => {
  await server.stop({ graceMs: 0 });
  rmSync(folder, { recursive: true });
});

/** `echoed`, as a connection that is merely open may still be reset by the runtime; or why there is none. */
async function outcome(tls: { ca: string; serverName?: string }): Promise<string> {
  const over = Promise.withResolvers<string>();
  try {
    const connection = await connect(
      { host: "127.0.0.1", port: server.port, tls },
      { chunk: () => over.resolve("echoed"), close: (_, reason) => over.resolve(`closed: ${reason}`) },
    );
    connection.write(Buffer.from("echo"));
    const found = await over.promise;
    connection.close();
    return found;
  } catch (error) {
    return (error as Error).message.replace(/^.*failed \(|\)$/gs, "");
  }
}

describe("a certificate for a name and an address", () => {
  test.each([
    ["the address", undefined, "echoed"],
    ["the name", "dns.example", "echoed"],
    ["another address", "127.0.0.2", "IP: 127.0.0.2 is not in the cert's list: 127.0.0.1"],
    ["another name", "other.example", "Host: other.example. is not in the cert's altnames"],
    ["localhost", "localhost", "Host: localhost. is not in the cert's altnames"],
  ])("is verified for %s", async (_, serverName, expected) => {
    const found = await outcome({ ca: own.cert, ...(serverName === undefined ? {} : { serverName }) });
    expect(found).toContain(expected);
  });

  test("is not verified for its address by another authority", async () => {
    expect(await outcome({ ca: other.cert })).not.toBe("echoed");
    expect(await outcome({ ca: other.cert })).not.toContain("altnames");
  });
});
