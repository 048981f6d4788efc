import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSecret, type SecretSource } from "../../src/part/mod.ts";
import { keptLog } from "../app/admin/support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-secret-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (source: SecretSource) => readSecret(source, { setting: "boxes.nas.token", folder });
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return name;
};

test("a secret is the value, the file's line, or the variable's value", () => {
  process.env.TENK_TEST_SECRET = "from the environment";
  expect(read({})).toBeUndefined();
  expect(read({ value: "p ä" })).toBe("p ä");
  expect(read({ file: file("one", "pässword \n") })).toBe("pässword ");
  expect(read({ file: file("windows", "word\r\n") })).toBe("word");
  expect(read({ variable: "TENK_TEST_SECRET" })).toBe("from the environment");
  delete process.env.TENK_TEST_SECRET;
});

test.each<[SecretSource, string]>([
  [{ value: "geheim", file: "x" }, "boxes.nas.token: expected one of token, tokenFile and tokenEnv, found 2 of them"],
  [{ value: "geheim\r\nX: y" }, "boxes.nas.token: it has a line break"],
  [{ file: file("two", "geheim\nagain\n") }, "boxes.nas.tokenFile: it has a line break"],
  [{ file: file("none", "\n") }, "boxes.nas.tokenFile: it is empty"],
  [{ file: file("long", "geheim".repeat(1000)) }, "no file of at most 4 KiB"],
  [{ file: "/dev/zero" }, "no file of at most 4 KiB"],
  [{ file: "absent" }, "absent cannot be read: there is no such file"],
  [{ variable: "TENK_TEST_ABSENT" }, "boxes.nas.tokenEnv: the environment has no variable TENK_TEST_ABSENT"],
])("%j is refused, and the message does not have it", (source, expected) => {
  const refusal = () => read(source);
  expect(refusal).toThrow(expected);
  expect(refusal).not.toThrow("geheim");
});

test("a file that everybody can read is used, with a warning", () => {
  const log = keptLog();
  chmodSync(join(folder, file("open", "word")), 0o644);
  expect(readSecret({ file: "open" }, { setting: "a.token", folder, log })).toBe("word");
  expect(log.lines.map((line) => line.slice(0, 2))).toEqual([["warn", "secret readable by others"]]);
});
