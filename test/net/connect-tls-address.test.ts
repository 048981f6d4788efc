import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, listen, type Server } from "../../src/net/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-address-"));
let server: Server;

/** A certificate that is its own authority, for a name and an address. */
function selfSigned(name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:dns.example,IP:127.0.0.1"];
  execFileSync("openssl", [...words, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key };
}

const own = selfSigned("own");
const other = selfSigned("other");
beforeAll(async () => {
  server = await listen({ host: "127.0.0.1", port: 0, tls: own }, { chunk: () => {} });
});
afterAll(async () => {
  await server.stop({ graceMs: 0 });
  rmSync(folder, { recursive: true });
});

async function outcome(tls: { ca: string; serverName?: string }): Promise<string> {
  try {
    const connection = await connect({ host: "127.0.0.1", port: server.port, tls }, {});
    connection.close();
    return "connected";
  } catch (error) {
    return (error as Error).message.replace(/^.*failed \(|\)$/gs, "");
  }
}

describe("a certificate for a name and an address", () => {
  test.each([
    ["the address", undefined, "connected"],
    ["the name", "dns.example", "connected"],
    ["another address", "127.0.0.2", "IP: 127.0.0.2 is not in the cert's list: 127.0.0.1"],
    ["another name", "other.example", "Host: other.example. is not in the cert's altnames"],
    ["localhost", "localhost", "Host: localhost. is not in the cert's altnames"],
  ])("is verified for %s", async (_, serverName, expected) => {
    const found = await outcome({ ca: own.cert, ...(serverName === undefined ? {} : { serverName }) });
    expect(found).toContain(expected);
  });

  test("is not verified for its address by another authority", async () => {
    expect(await outcome({ ca: other.cert })).not.toBe("connected");
    expect(await outcome({ ca: other.cert })).not.toContain("altnames");
  });
});
