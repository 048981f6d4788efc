import { afterAll, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, TARGETS } from "../../scripts/build.ts";
import { Client } from "../cli/client.ts";
import { EXECUTABLE, keepingIn } from "../cli/tenk.ts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tenk-run-"));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a program and collects what it writes; `sees` resolves with the first match. */
function start(file: string, words: string[], cwd: string) {
  const child = spawn(file, words, { cwd, stdio: ["ignore", "pipe", "pipe"], env: keepingIn(cwd) });
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

test("a handler that the executable runs may import packages, and make metrics that workers add up", async () => {
  const place = join(folder, "counted");
  mkdirSync(join(place, "node_modules/left"), { recursive: true });
  // What an editor is given to check with is not what runs.
  mkdirSync(join(place, "node_modules/tenk"), { recursive: true });
  writeFileSync(join(place, "node_modules/tenk/package.json"), '{ "name": "tenk", "main": "none.js" }');
  writeFileSync(join(place, "node_modules/left/package.json"), '{ "name": "left", "type": "module", "main": "in.js" }');
  writeFileSync(join(place, "node_modules/left/in.js"), 'export const left = "left";');
  writeFileSync(
    join(place, "count.ts"),
    'import { counter } from "tenk";\nimport { left } from "left";\nconst opened = counter("room_opened_total", left);\nexport default { open: () => opened.inc() };\n',
  );
  const words = [
    "run",
    "count.ts",
    "--workers",
    "2",
    "--listen",
    "127.0.0.1:0",
    "--dashboard",
    "127.0.0.1:0",
    "--json",
  ];
  const { child, sees } = start(await program(), words, place);
  const port = Number((await sees(/"port":(\d+)/))[1]);
  for (let index = 0; index < 10; index++) await Client.to(port);
  const url = (await sees(/"statusUrl":"([^"]+)"/))[1]!;
  let text = "";
  // A client may be connected before its worker has accepted it.
  for (; !text.includes("\nroom_opened_total 10\n"); text = await (await fetch(`${url}metrics`)).text());
  expect(text).toContain("# HELP room_opened_total left\n");
  child.kill("SIGTERM");
  await sees(/stopped\n/);
}, 60_000);

let built: Promise<string> | undefined;

/** Returns the executable of this machine: that of the whole run of tests, or one that is built here, once. */
async function program(): Promise<string> {
  const own = TARGETS.find((each) => each === process.arch);
  if (own === undefined) throw new Error(`There is no executable for ${process.arch}`);
  built ??= EXECUTABLE === undefined ? build(own, folder) : Promise.resolve(EXECUTABLE);
  return built;
}

test("the executable alone starts a handler, its editor's types, and serves it as it is saved", async () => {
  const file = await program();
  const room = join(folder, "room");
  const init = spawnSync(file, ["run", "--init", "room/chat.ts"], { cwd: folder, encoding: "utf8" });
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
  const { child, sees } = start(file, words, folder);
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

test("the executable alone runs a program that listens by itself, on several event loops", async () => {
  const place = join(folder, "program");
  mkdirSync(place);
  writeFileSync(join(place, "echo.ts"), "export default { chunk: (connection, bytes) => connection.write(bytes) };\n");
  const source = `import { listen } from "tenk";
const server = await listen({ host: "127.0.0.1", port: 0, workers: 2 }, new URL("./echo.ts", import.meta.url));
console.log(\`port \${server.port} \${process.argv.slice(2)}\`);
process.once("SIGTERM", () => server.stop().then(() => console.log("stopped")));
`;
  writeFileSync(join(place, "server.ts"), source);
  const words = ["run", "--program", "server.ts", "--", "--hall"];
  const { child, sees } = start(await program(), words, place);
  const port = Number((await sees(/^port (\d+) --hall\n/))[1]);
  const client = await Client.to(port);
  expect(await client.ask("hello")).toBe("hello");
  client.socket.destroy();
  child.kill("SIGTERM");
  await sees(/stopped\n/);
}, 60_000);
