import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, listen } from "../../src/mod.ts";
import { until } from "./support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenk-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the file that a killed program left behind is in nobody's way", async () => {
  const path = join(folder, "left.sock");
  const listening = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", listening], { stdout: "ignore", stderr: "ignore" }).exited;
  expect(existsSync(path)).toBe(true);
  let opened = 0;
  {
    await using _server = await listen({ path }, { open: () => (opened += 1) });
    const client = await connect({ path }, {});
    await until(() => opened === 1);
    client.close();
  }
  expect(existsSync(path)).toBe(false);
});

test("a path where somebody listens is in use and stays as it is", async () => {
  const path = join(folder, "live.sock");
  await using _server = await listen({ path }, {});
  expect(await listen({ path }, {}).catch((error) => error)).toMatchObject({
    code: "port-in-use",
    hint: "stop the other program or choose another path",
  });
  expect(existsSync(path)).toBe(true);
  (await connect({ path }, {})).close();
});

test.each([
  ["file", "it is an ordinary file, not a socket", "connect-refused"],
  ["dir", "it is a directory, not a socket", "connect-refused"],
  ["pipe", "it is a named pipe, not a socket", "connect-refused"],
  ["link", "it is a symbolic link that leads nowhere", "connect-refused"],
  ["loop", "it is a symbolic link that leads nowhere", "connect-failed"],
  ["file/x.sock", "a part of its path is not a directory", "connect-failed"],
  ["lost/x.sock", "its directory FOLDER/lost does not exist", "connect-refused"],
])("at %s it is said what is there, to who listens and to who connects, and it stays", async (name, problem, code) => {
  writeFileSync(join(folder, "file"), "mine");
  mkdirSync(join(folder, "dir"));
  spawnSync("mkfifo", [join(folder, "pipe")]);
  symlinkSync("nowhere", join(folder, "link"));
  symlinkSync("loop", join(folder, "loop"));
  const path = join(folder, name);
  const said = problem.replace("FOLDER", folder);
  const listening = await listen({ path }, {}).catch((error) => error);
  expect(listening).toMatchObject({ code: "address-unavailable", message: `Cannot listen on unix:${path}: ${said}` });
  const connecting = await connect({ path }, {}).catch((error) => error);
  expect(connecting).toMatchObject({ code, message: `Cannot connect to unix:${path}: ${said}` });
  expect(readdirSync(folder).toSorted()).toEqual(["dir", "file", "link", "loop", "pipe"]);
});

test("where this user may not, that is said", async () => {
  await using _server = await listen({ path: join(folder, "theirs.sock") }, {});
  chmodSync(join(folder, "theirs.sock"), 0o700);
  mkdirSync(join(folder, "locked"));
  chmodSync(join(folder, "locked"), 0o000);
  chmodSync(folder, 0o555);
  const script = `
    const { connect, listen } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/mod.ts"))});
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    for (const name of ["theirs.sock", "locked/x.sock"]) {
      const path = ${JSON.stringify(folder)} + "/" + name;
      for (const attempt of [connect({ path }, {}), listen({ path }, {})])
        console.log(await attempt.then(() => "done", (error) => error.code + ": " + error.message.split(": ").at(-1)));
    }
    process.exit(0);`;
  const child = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
  for (const each of [folder, join(folder, "locked")]) chmodSync(each, 0o755);
  const mine = process.getuid?.() === 0 ? "permission-denied: this user may not write to it" : "done";
  expect(child.stdout.trim().split("\n")).toEqual([
    mine,
    "port-in-use: it is in use",
    "permission-denied: this user may not look into its directory",
    "permission-denied: this user may not look into its directory",
  ]);
});

test.each([
  ["", 0],
  [`/${"x".repeat(107)}`, 108],
  [`/${"ä".repeat(54)}`, 109],
])("path %p is refused for its length", async (path, length) => {
  const refusal = {
    code: "invalid-option",
    message: `Cannot use path as it must have 1 to 107 bytes: this one has ${length}`,
  };
  expect(await listen({ path }, {}).catch((error) => error)).toMatchObject(refusal);
  expect(await connect({ path }, {}).catch((error) => error)).toMatchObject(refusal);
});
