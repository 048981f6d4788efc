import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { freePort } from "../net/support.ts";
import { Client } from "./client.ts";
import { startTenk, type Tenk, withFolder } from "./tenk.ts";

const REST = 'dashboard: { listen: "127.0.0.1:0" }\n';

interface Running extends Tenk {
  folder: string;
  ports: Record<string, number>;
  /** Writes another configuration, asks for it, and resolves with all that was logged for it. */
  reload(tcp: string, until?: RegExp): Promise<string>;
}

async function withUp(
  tcp: string,
  files: Record<string, string>,
  work: (box: Running) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const file = join(folder, "tenk.yaml");
    writeFileSync(file, tcp + REST);
    const program = startTenk(["up", "--config", file, "--json"], { cwd: folder });
    let logged = "";
    program.child.stderr!.on("data", (part: string) => {
      logged += part;
    });
    const [line] = await program.sees("stdout", /^\{.*\n/);
    const listeners = JSON.parse(line).listeners as { name: string; port: number }[];
    const ports = Object.fromEntries(listeners.map(({ name, port }) => [name, port]));
    async function reload(text: string, until = / reloaded file=| reload failed,/): Promise<string> {
      writeFileSync(file, text + REST);
      const from = logged.length;
      program.child.kill("SIGHUP");
      while (!until.test(logged.slice(from)))
        await new Promise((resolve) => program.child.stderr!.once("data", resolve));
      return logged.slice(from);
    }
    try {
      await work({ ...program, folder, ports, reload });
    } finally {
      program.child.kill("SIGTERM");
      await program.ended;
    }
  });
}

/** Answers each line with a name. */
function named(name: string): string {
  return `export default { chunk: (connection: { write(text: string): void }) => connection.write("${name}\\n") };`;
}

const CERTIFICATES = join(import.meta.dirname, "../net/fixtures");

function certificateName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("SIGHUP to tenk up", () => {
  test("changes limits for open connections, and touches nothing else", async () => {
    const config = (idle: string) => `tcp:
  a: { listen: "127.0.0.1:0", handler: echo, limits: { idle: ${idle} } }
  b: { listen: "127.0.0.1:0", handler: echo, workers: 2 }
`;
    await withUp(config("0ms"), {}, async ({ ports, reload }) => {
      const [a, b] = [await Client.to(ports.a!), await Client.to(ports.b!)];
      expect(await a.ask("x")).toBe("x");
      const said = await reload(config("100ms"));
      expect(said).toContain("listener changed name=a changed=limits");
      expect(said).not.toContain("name=b");
      await new Promise((resolve) => a.socket.once("close", resolve));
      expect(await b.ask("still here")).toBe("still here");
    });
  });

  test("starts what is new, stops what is gone, restarts what cannot be changed", async () => {
    const [old, fresh] = [await freePort(), await freePort()];
    const config = (lines: string) => `tcp:\n  kept: { listen: "127.0.0.1:0", handler: echo }\n${lines}`;
    const first = config(`  a: { listen: "127.0.0.1:${old}", handler: echo, workers: 2 }\n`);
    await withUp(first, {}, async ({ ports, reload }) => {
      const kept = await Client.to(ports.kept!);
      const gone = await Client.to(old);
      const said = await reload(
        config(
          `  a: { listen: "127.0.0.1:${old}", handler: echo, noDelay: false }\n  b: { listen: "127.0.0.1:${fresh}", handler: echo }\n`,
        ),
      );
      expect(said).toMatch(
        /listener stopping name=a address=\S+ open=1\n(?:.*\n)*.*listener started name=a address=\S+ handler=echo workers=1\n/,
      );
      expect(await (await Client.to(fresh)).ask("b")).toBe("b");
      expect(await (await Client.to(old)).ask("a")).toBe("a");
      if (!gone.socket.closed) await new Promise((resolve) => gone.socket.once("close", resolve));
      expect(await reload(config(""))).toContain("listener stopping name=b");
      expect(await Client.to(fresh).catch((error: NodeJS.ErrnoException) => error.code)).toBe("ECONNREFUSED");
      expect(await kept.ask("kept")).toBe("kept");
    });
  });

  test("says why it refuses, and changes nothing", async () => {
    const good = 'tcp:\n  a: { listen: "127.0.0.1:0", handler: ./a.ts, limits: { idle: 1h } }\n';
    await withUp(
      good,
      { "a.ts": named("one"), "broken.ts": "export default {\n  chunk( {\n" },
      async ({ ports, reload }) => {
        const before = await Client.to(ports.a!);
        const busy = createServer().listen(0, "127.0.0.1");
        await new Promise((resolve) => busy.once("listening", resolve));
        const { port } = busy.address() as { port: number };
        for (const [text, why] of [
          ["tcp: { a: { listen: 1, handler: ./a.ts, limts: {} } }\n", "tcp.a.limts: unknown key, did you mean limits?"],
          [`${good}  b: { listen: 1, handler: ./broken.ts }\n`, "broken.ts:2:11\n"],
          [`${good}  b: { listen: 1, handler: ./gone.ts }\n`, "gone.ts: there is no such file"],
          [
            `${good}  b: { listen: 1, tls: { cert: no.pem, key: no.pem } }\n`,
            'no.pem": there is no such file (listener "b")',
          ],
          [`${good}  b: { listen: 1, handler: relay, relay: { targets: [x:1, x:1] } }\n`, "Cannot relay to x:1 twice"],
          [`${good}  b: { listen: "127.0.0.1:${port}" }\n`, `Cannot listen on 127.0.0.1:${port} for "b": it is in use`],
        ] as const) {
          const said = await reload(text);
          expect(said).toContain("reload failed, nothing has changed\n");
          expect(said).toContain(why);
          expect(said).not.toMatch(/listener (changed|stopping|started)/);
        }
        expect(await before.ask("x")).toBe("one");
        expect(await (await Client.to(ports.a!)).ask("x")).toBe("one");
        busy.close();
      },
    );
  });

  test.each([["1"], ["2"]])(
    "serves new connections by another handler, or the same file as it is now (%s loops)",
    async (workers) => {
      const config = (handler: string) =>
        `tcp:\n  a: { listen: "127.0.0.1:0", handler: ${handler}, workers: ${workers} }\n`;
      await withUp(
        config("./a.ts"),
        { "a.ts": named("one"), "b.ts": named("two") },
        async ({ ports, reload, folder }) => {
          const one = await Client.to(ports.a!);
          expect(await one.ask("x")).toBe("one");
          expect(await reload(config("./b.ts"))).toContain("handler reloaded name=a handler=./b.ts before=1");
          const two = await Client.to(ports.a!);
          expect(await two.ask("x")).toBe("two");
          writeFileSync(join(folder, "b.ts"), named("three"));
          await reload(config("./b.ts"));
          expect(await (await Client.to(ports.a!)).ask("x")).toBe("three");
          expect(await reload(config("./b.ts"))).not.toContain("name=a");
          expect([await one.ask("x"), await two.ask("x")]).toEqual(["one", "two"]);
        },
      );
    },
  );

  test("keeps a listener whose new handler throws", async () => {
    const config = (handler: string) => `tcp:\n  a: { listen: "127.0.0.1:0", handler: ${handler} }\n`;
    await withUp(config("./a.ts"), { "a.ts": named("one"), "b.ts": 'throw new Error("no");' }, async (box) => {
      const said = await box.reload(config("./b.ts"));
      expect(said).toMatch(/reload failed, nothing has changed\nCannot load b\.ts: no\nb\.ts:1:\d+\n/);
      expect(await (await Client.to(box.ports.a!)).ask("x")).toBe("one");
    });
  });

  test("reads certificates again though their words are the same", async () => {
    const config = 'tcp:\n  a: { listen: "127.0.0.1:0", handler: echo, tls: { cert: c.pem, key: k.pem } }\n';
    const pair = (name: string) => ({
      "c.pem": readFileSync(join(CERTIFICATES, `${name}-cert.pem`), "utf8"),
      "k.pem": readFileSync(join(CERTIFICATES, `${name}-key.pem`), "utf8"),
    });
    await withUp(config, pair("first"), async ({ ports, reload, folder }) => {
      const before = await certificateName(ports.a!);
      copyFileSync(join(CERTIFICATES, "second-cert.pem"), join(folder, "c.pem"));
      expect(await reload(config)).toContain("reload failed");
      expect(await certificateName(ports.a!)).toBe(before);
      copyFileSync(join(CERTIFICATES, "second-key.pem"), join(folder, "k.pem"));
      await reload(config);
      expect(await certificateName(ports.a!)).not.toBe(before);
    });
  });

  test("drains a relay's target: its pairs go on, new ones go elsewhere", async () => {
    const config = (draining: boolean) => `tcp:
  one: { listen: "127.0.0.1:PORT1", handler: ./one.ts }
  two: { listen: "127.0.0.1:PORT2", handler: ./two.ts }
  door:
    listen: "127.0.0.1:0"
    handler: relay
    relay: { balance: first, targets: [{ address: "127.0.0.1:PORT1", draining: ${draining} }, "127.0.0.1:PORT2"] }
`;
    const [one, two] = [await freePort(), await freePort()];
    const text = (draining: boolean) =>
      config(draining).replaceAll("PORT1", String(one)).replaceAll("PORT2", String(two));
    await withUp(text(false), { "one.ts": named("one"), "two.ts": named("two") }, async ({ ports, reload }) => {
      const before = await Client.to(ports.door!);
      expect(await before.ask("x")).toBe("one");
      expect(await reload(text(true))).toContain("listener changed name=door changed=relay");
      expect(await (await Client.to(ports.door!)).ask("x")).toBe("two");
      expect(await before.ask("x")).toBe("one");
    });
  });
});
