import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { LocalCa } from "../../src/certificates/local/mod.ts";
import { signLeaf } from "../../src/certificates/local/sign.ts";
import { splitPem } from "../../src/certificates/x509/mod.ts";
import { type Certificate, connect, type Handler, listen, type Server } from "../../src/net/mod.ts";
import { buildGo, hasGo, testWithoutGo } from "../net/go.ts";
import { DAY_MS, keptLog, newFolder, request, testWith } from "./support.ts";

/** Names that the root's constraints leave out: a client that does not look at them would accept each. */
const OUTSIDE = ["evil.example.org", "homexarpa", "xhome.arpa", "8.8.8.8"];
const INSIDE = ["git.home.arpa", "deep.git.home.arpa", "box.local", "nas.fritz.box", "127.0.0.1"];

const folder = newFolder();
const rootFile = join(folder, "root.pem");
/** By name, on a port of its own: clients send no address as SNI. */
const servers = new Map<string, Server>();
const certificates = new Map<string, Certificate>();

beforeAll(async () => {
  const ca = new LocalCa({ folder, domains: ["fritz.box"], log: keptLog().log });
  const { root, intermediate } = await ca.certificates();
  writeFileSync(rootFile, root);
  const key = splitPem(await Bun.file(join(folder, "intermediate-with-key.pem")).text())!.key;
  const signer = { cert: intermediate, privateKey: createPrivateKey(key) };
  const validity = { notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + DAY_MS };
  for (const name of INSIDE) certificates.set(name, await ca.issue(request(name)));
  for (const name of OUTSIDE) {
    const evil = await signLeaf([name], validity, signer);
    certificates.set(name, { cert: evil.cert + intermediate, key: evil.key });
  }
  for (const [name, certificate] of certificates) {
    servers.set(name, await listen({ host: "127.0.0.1", port: 0, tls: certificate }, page));
  }
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
});

const page: Handler = {
  chunk(connection) {
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    connection.end();
  },
};

const portOf = (name: string) => servers.get(name)!.port;

async function run(program: string, words: string[], input = ""): Promise<{ code: number; output: string }> {
  const child = spawn(program, words, { stdio: "pipe" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, output };
}

/** Runs a client for each name, and compares which it accepts. @param refusal what it says of the others */
async function expectAccepted(
  client: (name: string, port: number) => Promise<{ code: number; output: string }>,
  refusal: RegExp,
) {
  const results = await Promise.all(
    [...INSIDE, ...OUTSIDE].map(async (name) => ({ name, ...(await client(name, portOf(name))) })),
  );
  expect(results.filter(({ code }) => code === 0).map(({ name }) => name)).toEqual(INSIDE);
  for (const { code, output } of results) if (code !== 0) expect(output).toMatch(refusal);
}

describe("certificates of the local CA are accepted, and names outside the root's constraints refused, by", () => {
  testWith("openssl", "openssl verify, strictly", async () => {
    await expectAccepted(async (name) => {
      const file = join(folder, `${name}.chain.pem`);
      writeFileSync(file, certificates.get(name)!.cert);
      const host = isIP(name) ? "-verify_ip" : "-verify_hostname";
      return run("openssl", [
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        host,
        name,
        "-CAfile",
        rootFile,
        "-untrusted",
        file,
        file,
      ]);
    }, /permitted subtree violation/);
  });

  testWith("curl", "curl", async () => {
    await expectAccepted((name, port) => {
      const to = ["--connect-to", `${name}:${port}:127.0.0.1:${port}`];
      return run("curl", ["-sS", "--cacert", rootFile, ...to, `https://${name}:${port}/`]);
    }, /SSL certificate problem: permitted subtree violation/);
  });

  testWith("python3", "Python's ssl", async () => {
    const program = `import socket, ssl, sys
root, name, port = sys.argv[1:]
with ssl.create_default_context(cafile=root).wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname=name): pass`;
    await expectAccepted(
      (name, port) => run("python3", ["-c", program, rootFile, name, String(port)]),
      /permitted subtree violation/,
    );
  });

  test("our own client, with names", async () => {
    const client = async (serverName: string, port: number) => {
      const tls = { ca: rootFile, serverName };
      return connect({ host: "127.0.0.1", port, tls }, {}).then(
        (connection) => {
          connection.close();
          return { code: 0, output: "" };
        },
        (error: Error) => ({ code: 1, output: error.message }),
      );
    };
    for (const name of [...INSIDE, ...OUTSIDE]) {
      const { code, output } = await client(name, portOf(name));
      // BoringSSL knows no address ranges, and refuses any address below a CA that has some.
      if (isIP(name)) expect(output).toContain("unsupported name constraint type");
      else if (INSIDE.includes(name)) expect(code).toBe(0);
      else expect(output).toContain("permitted subtree violation");
    }
  });

  if (!hasGo) testWithoutGo("the local CA");
  else
    test("Go", async () => {
      const client = buildGo("tls-client", folder);
      await expectAccepted(
        (name, port) => run(client, [`127.0.0.1:${port}`, name, rootFile]),
        /not permitted by any constraint/,
      );
    }, 60_000);

  testWith(
    "certutil",
    "Chromium, which has the root in its own store",
    async () => {
      const home = newFolder();
      const store = `sql:${join(home, ".pki/nssdb")}`;
      await run("mkdir", ["-p", join(home, ".pki/nssdb")]);
      await run("certutil", ["-N", "-d", store, "--empty-password"]);
      expect(await run("certutil", ["-A", "-d", store, "-t", "C,,", "-n", "tenk", "-i", rootFile])).toEqual({
        code: 0,
        output: "",
      });
      const browser: Browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: ["--no-sandbox", "--host-resolver-rules=MAP * 127.0.0.1"],
        env: { ...process.env, HOME: home },
      });
      try {
        await expectAccepted(async (name, port) => {
          const page = await browser.newPage();
          return page.goto(`https://${name}:${port}/`).then(
            async (response) => ({ code: response!.status() === 200 ? 0 : 1, output: "" }),
            (error: Error) => ({ code: 1, output: error.message }),
          );
        }, /ERR_CERT_|NAME_CONSTRAINT/);
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});
