import { expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isJournal, withPriority } from "../../src/systemd/mod.ts";
import { startTenk, withFolder } from "../cli/tenk.ts";
import { until } from "../net/support.ts";

test.each([
  [{ JOURNAL_STREAM: "8:4711" }, true],
  [{ JOURNAL_STREAM: "8:4712" }, false],
  [{ JOURNAL_STREAM: "" }, false],
  [{}, false],
])("standard error of file 8:4711 is the journal's by %j: %p", (environment, expected) => {
  expect(isJournal(environment, () => ({ dev: 8, ino: 4711 }))).toBe(expected);
});

test("a closed standard error is not the journal's", () => {
  const closed = () => {
    throw new Error("EBADF");
  };
  expect(isJournal({ JOURNAL_STREAM: "8:4711" }, closed)).toBe(false);
});

test("every line has the priority of its level", () => {
  expect(withPriority("a\nb", "error")).toBe("<3>a\n<3>b");
  expect(withPriority("a", "warn")).toBe("<4>a");
  expect(withPriority("a", "debug")).toBe("<7>a");
});

test("tenk up into the journal's stream writes priorities and no times, errors of the start too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-journal-"));
  const file = join(folder, "stream");
  const descriptor = openSync(file, "w");
  const { dev, ino } = fstatSync(descriptor);
  const env = { JOURNAL_STREAM: `${dev}:${ino}`, STREAM: file };
  const toFile = ["sh", "-c", 'exec "$@" 2>"$STREAM"', "sh"];
  const wrong = startTenk(["up", "--config", "missing.yaml"], { cwd: folder, env, wrapped: toFile });
  expect((await wrong.ended).code).toBe(2);
  expect(readFileSync(file, "utf8")).toStartWith("<3>tenk: Cannot read the configuration missing.yaml");

  const words = ["up", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];
  const tenk = startTenk(words, { cwd: folder, env, wrapped: toFile });
  await until(() => readFileSync(file, "utf8").includes(" app up "));
  tenk.child.kill("SIGTERM");
  await tenk.ended;
  for (const line of readFileSync(file, "utf8").trim().split("\n"))
    expect(line).toMatch(/^(<[3467]>(DEBUG|INFO |WARN |ERROR) \w)/);
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

test("SIGUSR1 opens the access log anew, on each event loop", async () => {
  await withFolder(async (folder) => {
    const config = [
      "proxy: { https: off, http: 127.0.0.1:0, accessLog: { file: access.log }, workers: 2 }",
      "services: { hello: { respond: hello, hosts: [127.0.0.1] } }",
      "dashboard: { listen: 127.0.0.1:0 }",
    ];
    writeFileSync(join(folder, "tenk.yaml"), config.join("\n"));
    const tenk = startTenk(["up", "--config", "tenk.yaml", "--json", "--log-format", "json"], { cwd: folder });
    const [line] = await tenk.sees("stdout", /^\{.*\n/);
    const { port } = JSON.parse(line).listeners[0];
    const ask = () => fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text());
    await ask();
    const log = join(folder, "access.log");
    await until(() => existsSync(log));
    renameSync(log, join(folder, "old.log"));
    tenk.child.kill("SIGUSR1");
    await tenk.sees("stderr", /"msg":"log files reopened"/);
    await ask();
    await until(() => existsSync(log));
    tenk.child.kill("SIGTERM");
    const { code, stderr } = await tenk.ended;
    expect(code).toBe(0);
    for (const each of stderr.trim().split("\n"))
      expect(JSON.parse(each)).toMatchObject({ level: expect.any(String), part: expect.any(String) });
  });
});
