import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "./client.ts";
import { startTenk, tenk, withFolder } from "./tenk.ts";

const SERVER = `import { writeFileSync } from "node:fs";
import { listen } from "tenk";
const server = await listen({ host: "127.0.0.1", port: 0 }, { chunk: (connection, bytes) => connection.write(bytes) });
writeFileSync(import.meta.dir + "/listening", "");
console.log(JSON.stringify({ port: server.port, words: process.argv.slice(2) }));
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, async () => {
    await server.stop({ graceMs: 1000 });
    console.log("stopped");
  });
`;

describe("a program that listens by itself", () => {
  test("is rejected as a handler before it has run, and the error says how to run it", async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "server.ts"), SERVER);
      const { code, stderr } = await tenk(["run", "server.ts", "--dashboard", "127.0.0.1:0"], { cwd: folder });
      expect(stderr).toContain("it has no default export");
      expect(stderr).toContain("tenk run --program server.ts");
      expect(existsSync(join(folder, "listening"))).toBe(false);
      expect(code).toBe(2);
    });
  });

  test("runs by --program with its own words, and stops as it says itself", async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "server.ts"), SERVER);
      const { child, sees, ended } = startTenk(["run", "--program", "server.ts", "--", "--hall", "x"], { cwd: folder });
      const { port, words } = JSON.parse((await sees("stdout", /^\{.*\n/))[0]);
      expect(words).toEqual(["--hall", "x"]);
      expect(await (await Client.to(port)).ask("hello")).toBe("hello");
      child.kill("SIGTERM");
      const { code, stdout, stderr } = await ended;
      expect([code, stdout.split("\n")[1], stderr]).toEqual([0, "stopped", ""]);
    });
  });

  test("stops as docs/tcp.md shows it: connections may finish, a second signal closes them", async () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/tcp.md"), "utf8");
    const [, text = ""] = /## In your own project\n[\s\S]*?```ts\n([\s\S]*?)```/.exec(page) ?? [];
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "server.ts"), text.replace("port: 7000", 'host: "127.0.0.1", port: 0'));
      for (const signals of [1, 2]) {
        const { child, sees, ended } = startTenk(["run", "--program", "server.ts"], { cwd: folder });
        const [, port] = await sees("stdout", /^listening on 127\.0\.0\.1:(\d+)\n/);
        const client = await Client.to(Number(port));
        expect(await client.ask("hello")).toBe("hello");
        // A peer that never ends holds the server's end open until the grace, or a second signal, is over.
        if (signals === 2) {
          client.socket.pause();
          client.socket.write(Buffer.alloc(1 << 22));
        }
        child.kill("SIGTERM");
        if (signals === 2) child.kill("SIGINT");
        expect((await ended).code).toBe(0);
        client.socket.destroy();
      }
    });
  });

  test.each([
    ["process.exitCode = 3;", [], 3, ""],
    ["throw new Error('not today');", [], 2, "not today\nserver.ts:1:"],
    ["", ["--listen", "7000"], 2, "no other option goes with it"],
    ["", ["--no-watch"], 2, "no other option goes with it"],
  ])("ends as it ends: %j %j", async (text, words, code, said) => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "server.ts"), text);
      const ended = await tenk(["run", "--program", "server.ts", ...words], { cwd: folder });
      expect(ended.stderr).toContain(said);
      expect(ended.code).toBe(code);
    });
  });
});
