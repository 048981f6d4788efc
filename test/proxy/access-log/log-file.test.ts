import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logOf } from "../../../src/base/mod.ts";
import { LogFile } from "../../../src/proxy/access-log/log-file.ts";
import { startRotation } from "../../../src/proxy/access-log/mod.ts";
import { until } from "../../net/support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-log-"));
const log = logOf("test");
let files = 0;
const newPath = () => join(folder, `${files++}.log`);
const LINE_BYTES = 4608;

afterAll(() => rmSync(folder, { recursive: true }));

/** @returns whether there was room */
function write(file: LogFile, text: string): boolean {
  if (!file.reserve(LINE_BYTES)) return false;
  const line = Buffer.from(`${text}\n`);
  file.bytes.set(line, file.at);
  file.wrote(file.at + line.length);
  return true;
}

const contentOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");

test("lines are written after a while, with one write, into a file that only its group may read", async () => {
  const path = newPath();
  const file = new LogFile(path, 20, log);
  expect(existsSync(path)).toBe(false);
  for (let i = 0; i < 3; i++) write(file, `line ${i}`);
  expect(existsSync(path)).toBe(false);
  await until(() => contentOf(path) === "line 0\nline 1\nline 2\n");
  expect(statSync(path).mode & 0o777 & ~0o640).toBe(0);
  file.close();
});

test("who renames or deletes the file gets a new one, without asking", async () => {
  const path = newPath();
  const file = new LogFile(path, 10, log);
  write(file, "one");
  await until(() => contentOf(path) === "one\n");
  renameSync(path, `${path}.1`);
  write(file, "two");
  await until(() => contentOf(path) === "two\n");
  rmSync(path);
  write(file, "three");
  await until(() => contentOf(path) === "three\n");
  expect(contentOf(`${path}.1`)).toBe("one\n");
  file.close();
});

test("what waits at the end is written in the call that closes", async () => {
  const path = newPath();
  const file = new LogFile(path, 60_000, log);
  write(file, "first");
  file.close();
  expect(contentOf(path)).toBe("first\n");
  expect(write(file, "later")).toBe(true);
  await file.reopen();
});

test("several event loops append whole lines to one file", async () => {
  const path = newPath();
  const all = Array.from({ length: 4 }, () => new LogFile(path, 10, log));
  for (let i = 0; i < 400; i++) {
    for (const [index, file] of all.entries()) write(file, `${index} ${i} ${"x".repeat(i)}`);
    if (i % 50 === 0) await all[0]!.reopen();
  }
  await until(() => contentOf(path).split("\n").length === 1601);
  for (const line of contentOf(path).trimEnd().split("\n")) {
    expect(line).toMatch(/^[0-3] \d+ x*$/);
    expect(line.split(" ")[2]!.length).toBe(Number(line.split(" ")[1]));
  }
  for (const file of all) file.close();
});

test.skipIf(!existsSync("/dev/full"))("a full disk costs lines beyond a mebibyte, and no more memory", async () => {
  const file = new LogFile("/dev/full", 10, log);
  let kept = 0;
  while (write(file, "x".repeat(4000))) kept += 1;
  expect(kept * 4001).toBeGreaterThan(1024 * 1024);
  expect(kept * 4001).toBeLessThan(1.2 * 1024 * 1024);
  await file.reopen();
  expect(write(file, "x".repeat(4000))).toBe(false);
  file.close();
});

test("lines that could not be written are written when the disk is back", async () => {
  const parent = join(folder, "not-there-yet");
  const path = join(parent, "access.log");
  const file = new LogFile(path, 10, log);
  write(file, "one");
  await file.reopen();
  write(file, "two");
  mkdirSync(parent);
  await until(() => contentOf(path) === "one\ntwo\n");
  file.close();
});

test("rotation keeps so many former files, and leaves alone what is short or no file", async () => {
  const path = newPath();
  const rotation = startRotation({ file: path, maxBytes: 10, keep: 2 }, log);
  await rotation.check();
  for (const text of ["1".repeat(10), "2".repeat(10), "3".repeat(10), "4".repeat(10)]) {
    writeFileSync(path, text);
    await rotation.check();
  }
  expect(["", ".1", ".2", ".3"].map((suffix) => contentOf(path + suffix)[0])).toEqual([undefined, "4", "3", undefined]);
  writeFileSync(path, "short");
  await rotation.check();
  expect(contentOf(path)).toBe("short");
  rmSync(path);
  writeFileSync(`${path}.other`, "5".repeat(100));
  symlinkSync(`${path}.other`, path);
  await rotation.check();
  expect(contentOf(path)).toBe("5".repeat(100));
  rotation.stop();
});

test("without former files a long one is deleted", async () => {
  const path = newPath();
  const rotation = startRotation({ file: path, maxBytes: 10, keep: 0 }, log);
  writeFileSync(path, "1".repeat(10));
  await rotation.check();
  expect(existsSync(path)).toBe(false);
  rotation.stop();
});

test("while event loops write, rotation loses no line", async () => {
  const path = newPath();
  const all = [new LogFile(path, 1, log), new LogFile(path, 1, log)];
  const rotation = startRotation({ file: path, maxBytes: 2000, keep: 1000 }, log);
  for (let i = 0; i < 200; i++) {
    for (const file of all) write(file, `line ${i}`);
    await Promise.all([all[i % 2]!.reopen(), rotation.check()]);
  }
  for (const file of all) file.close();
  let lines = contentOf(path).split("\n").length - 1;
  for (let index = 1; existsSync(`${path}.${index}`); index++)
    lines += contentOf(`${path}.${index}`).split("\n").length - 1;
  expect(lines).toBe(400);
  rotation.stop();
});
