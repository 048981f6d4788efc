import { afterAll, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, TARGETS } from "../../scripts/build.ts";
import { Client } from "../cli/client.ts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tenk-run-"));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a program and collects what it writes; `sees` resolves with the first match. */
function start(file: string, words: string[], cwd: string) {
  const child = spawn(file, words, { cwd, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  started.push(child);
  let text = "";
  const add = (part: Buffer) => {
    text += part;
    child.emit("text");
  };
  child.stdout.on("data", add);
  child.stderr.on("data", add);
  child.on("close", () => child.emit("text"));
  async function sees(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(text);
      if (match) return match;
      if (child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${text}`);
      await new Promise((resolve) => child.once("text", resolve));
    }
  }
  return { child, sees };
}

test("the executable alone starts a handler, its editor's types, and serves it as it is saved", async () => {
  const target = TARGETS.find((each) => each === process.arch);
  if (target === undefined) throw new Error(`There is no executable for ${process.arch}`);
  const program = build(target, folder);
  const room = join(folder, "room");
  const init = spawnSync(program, ["run", "--init", "room/chat.ts"], { cwd: folder, encoding: "utf8" });
  expect(init.stderr).toBe("");
  const check = () =>
    spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", room, "--pretty", "false"], { encoding: "utf8" }).stdout;
  expect(check()).toBe("");
  const text = readFileSync(join(room, "chat.ts"), "utf8");
  writeFileSync(join(room, "chat.ts"), text.replace("framing: lines(", "framing: line("));
  expect(check()).toContain("Cannot find name 'line'");

  writeFileSync(
    join(room, "chat.ts"),
    text.replace(".decode(line);", '.decode(line);\n    if (text === "throw") throw new Error("no");'),
  );
  const words = [
    "run",
    "room/chat.ts",
    "--workers",
    "2",
    "--listen",
    "127.0.0.1:0",
    "--dashboard",
    "127.0.0.1:0",
    "--json",
  ];
  const { child, sees } = start(program, words, folder);
  const port = Number((await sees(/"port":(\d+)/))[1]);
  const clients = [];
  for (let index = 0; index < 8; index++) clients.push(await Client.to(port));
  clients[0]!.socket.write("hello\n");
  for (const client of clients.slice(1)) expect(await client.next()).toMatch(/^\d+: hello$/);
  (await Client.to(port)).socket.write("throw\n");
  await sees(/handler failed\S* .*file=room\/chat\.ts line=9 column=\d+/);

  writeFileSync(join(room, "chat.ts"), text.replace(": $", " says $"));
  await sees(/handler reloaded/);
  const fresh = await Client.to(port);
  for (const client of clients) client.text = "";
  fresh.socket.write("again\n");
  for (const client of clients) expect(await client.next()).toMatch(/^\d+ says again$/);
  child.kill("SIGTERM");
  await sees(/stopped\n/);
}, 60_000);
