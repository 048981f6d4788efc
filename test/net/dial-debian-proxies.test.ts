import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, listen } from "../../src/net/mod.ts";
import { freePort, until } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-proxies-"));
const children: { kill(): unknown }[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a program and waits until it listens. */
async function start(program: string, words: string[], port: number): Promise<void> {
  children.push(Bun.spawn([program, ...words], { stdout: "ignore", stderr: "ignore" }));
  const retry = { attempts: 100, minMs: 20, maxMs: 20 };
  (await connect({ port, retry }, {})).close();
}

/** An echo through the proxy, and what a refusal is called. */
async function echoes(proxy: string): Promise<void> {
  const echo = await listen({ host: "127.0.0.1" }, { chunk: (connection, bytes) => connection.write(bytes) });
  let got = 0;
  const handler = { chunk: (_: unknown, bytes: Uint8Array) => { got += bytes.length; } }; // biome-ignore format: one thought
  const connection = await connect({ host: "localhost", port: echo.port, proxy }, handler);
  connection.write(new Uint8Array(300_000));
  await until(() => got === 300_000);
  connection.close();
  await echo.stop({ graceMs: 0 });
}

const programs: Record<string, () => Promise<void>> = {
  microsocks: async () => {
    const port = await freePort();
    await start("microsocks", ["-i", "127.0.0.1", "-p", `${port}`, "-u", "me", "-P", "secret"], port);
    await echoes(`socks5://me:secret@127.0.0.1:${port}`);
    const target = { host: "127.0.0.1", port: 1 };
    const refused = connect({ ...target, proxy: `socks5://me:secret@127.0.0.1:${port}` }, {});
    await expect(refused).rejects.toThrow("connection-refused");
    const wrong = connect({ ...target, proxy: `socks5://me:wrong@127.0.0.1:${port}` }, {});
    await expect(wrong).rejects.toThrow("credentials-refused");
  },
  tinyproxy: async () => {
    const port = await freePort();
    const file = join(folder, "tinyproxy.conf");
    writeFileSync(file, `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nBasicAuth me secret\n`);
    await start("tinyproxy", ["-d", "-c", file], port);
    await echoes(`http://me:secret@127.0.0.1:${port}`);
    const target = { host: "127.0.0.1", port: 1 };
    const refused = connect({ ...target, proxy: `http://me:secret@127.0.0.1:${port}` }, {});
    await expect(refused).rejects.toThrow(/status, 50\d /);
    const wrong = connect({ ...target, proxy: `http://me:wrong@127.0.0.1:${port}` }, {});
    await expect(wrong).rejects.toThrow(/40[17]/);
  },
};

for (const [program, tried] of Object.entries(programs)) {
  if (Bun.which(program) !== null) test(`through ${program}, with a password`, tried);
  else {
    test.skipIf(process.env.CI !== "true")(`${program} cannot be tried: it is not installed`, () => {
      throw new Error(`This check needs ${program}, and must not be left out in CI`);
    });
  }
}
