import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfigText } from "../../src/app/config/text.ts";
import { migrate } from "../../src/app/config/version.ts";
import { migrateFile, parseConfig } from "../../src/app/mod.ts";
import type { TenkError } from "../../src/base/mod.ts";

const OLD = `# my box
tcp:
  packets:          # the sink
    listen: 9091
    outbox: { max: 2MiB }   # large
  "chat": { listen: 9092, 'outbox': { low: 1KiB } }
`;

test("a file from before there were versions is read as one of this version, and says what changed", () => {
  const { config, migrated, written } = parseConfig(OLD, "tenk.yaml");
  expect(migrated).toEqual(["tcp.*.outbox is writeQueue", "tcp.*.outbox is writeQueue"]);
  expect(config.tcp!.packets!.writeQueue.max).toBe(2 * 2 ** 20);
  expect(config.tcp!.chat!.writeQueue.low).toBe(1024);
  expect(written.has("tcp.packets.writeQueue.max")).toBe(true);
});

test("an error of such a file names the line that the person sees", () => {
  expect(() => parseConfig(OLD.replace("2MiB", "much"), "tenk.yaml")).toThrow(
    "tenk.yaml:5: tcp.packets.writeQueue.max:",
  );
});

test("a file that says version 1 has no old names", () => {
  expect(() => parseConfig(`version: 1\n${OLD}`, "tenk.yaml")).toThrow("tcp.packets.outbox: unknown key");
});

test("old and new name together are refused, since nobody knows which is meant", () => {
  const both = "tcp: { a: { listen: 1, outbox: { max: 1MiB }, writeQueue: { max: 2MiB } } }";
  expect(() => parseConfig(both, "tenk.yaml")).toThrow("tcp.a.outbox: unknown key");
});

test.each([
  ["version: 2", "tenk.yaml:1: version: expected at most 1, found 2"],
  ["tcp:\nversion: next", 'tenk.yaml:2: version: expected 1, found "next"'],
  ["version: -1", "tenk.yaml:1: version: expected 1, found -1"],
  ["version: 1.5", "tenk.yaml:1: version: expected 1, found 1.5"],
])("%j is refused, with what to do", (text, message) => {
  let error: TenkError | undefined;
  try {
    parseConfig(text, "tenk.yaml");
  } catch (thrown) {
    error = thrown as TenkError;
  }
  expect(error?.message).toBe(message);
  if (text === "version: 2") expect(error?.hint).toContain("the file is for a newer tenk");
});

test("a written file keeps comments, order, quotes, mode and link", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-migrate-"));
  const [file, link] = [join(folder, "real.yaml"), join(folder, "tenk.yaml")];
  writeFileSync(file, OLD, { mode: 0o640 });
  symlinkSync(file, link);
  expect(migrateFile(link)).toEqual(["version: 1 added", "tcp.*.outbox is writeQueue", "tcp.*.outbox is writeQueue"]);
  const expected = OLD.replace("tcp:", "version: 1\ntcp:")
    .replace("outbox:", "writeQueue:")
    .replace("'outbox'", "writeQueue");
  expect(readFileSync(file, "utf8")).toBe(expected);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(migrateFile(link)).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("migrations follow each other, from the version of the file", () => {
  const steps = [
    { to: 1, renames: [{ from: "tcp.*.outbox", key: "writeQueue" }] },
    { to: 2, renames: [{ from: "log", key: "logging" }] },
    { to: 3, renames: [{ from: "logging.level", key: "least" }] },
  ];
  const at = { file: "tenk.yaml", line: () => 1 };
  const text = "version: 1 # mine\nlog: { level: warn }\n";
  const once = migrate(text, parseConfigText(text, "tenk.yaml").document, at, steps, 2);
  expect(once.text).toBe("version: 2 # mine\nlogging: { level: warn }\n");
  const next = migrate(once.text, parseConfigText(once.text, "tenk.yaml").document, at, steps, 3);
  expect(next.text).toBe("version: 3 # mine\nlogging: { least: warn }\n");
});
