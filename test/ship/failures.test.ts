import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failures } from "../../scripts/failures.ts";

const SAID = `
test/a.test.ts:
(pass) fine [0.10ms]
error: expect(received).toBe(expected)
Expected: 2
(fail) group > \x1b[1mbad\x1b[0m [5.09ms]
(fail) late [50.17ms]
  ^ this test timed out after 50ms.
noise of a test that passes
(pass) fine too [0.08ms]

test/b.test.tsx:
(skip) not here

1 tests skipped:
(skip) not here

2 tests failed:
(fail) group > bad [5.09ms]
(fail) late [50.17ms]

 2 pass
 1 skip
 2 fail
`;
const KEPT = [
  "test/a.test.ts:\nerror: expect(received).toBe(expected)\nExpected: 2\n(fail) group > \x1b[1mbad\x1b[0m [5.09ms]",
  "test/a.test.ts:\n(fail) late [50.17ms]\n  ^ this test timed out after 50ms.",
];

test("of all that is said only failed tests are kept, however the text is cut", () => {
  for (let size = 1; size <= SAID.length; size++) {
    const failures = new Failures();
    for (let at = 0; at < SAID.length; at += size) failures.take(SAID.slice(at, at + size));
    expect(failures.files()).toEqual([{ file: "test/a.test.ts", passed: 2, skipped: 0, outside: 0, errors: KEPT }]);
  }
});

test("of a test that says too much the end is kept", () => {
  const failures = new Failures();
  failures.take(
    `test/a.test.ts:\n${Array.from({ length: 1000 }, (_, line) => `line ${line}\n`).join("")}(fail) long\n`,
  );
  const text = failures.files()[0]!.errors[0]!;
  expect(text.split("\n").length).toBeLessThan(70);
  expect(text.endsWith("line 999\n(fail) long")).toBe(true);
});

test("an error outside of any test, as the runner itself tells it, is kept with its file", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-failures-"));
  try {
    writeFileSync(join(folder, "load.test.ts"), 'throw new Error("at load");\n');
    writeFileSync(join(folder, "good.test.ts"), 'import { test } from "bun:test";\ntest("good", () => {});\n');
    const { stderr } = Bun.spawnSync([process.execPath, "test", folder], { stderr: "pipe", stdout: "pipe" });
    const failures = new Failures();
    failures.take(stderr.toString());
    const [result, ...others] = failures.files();
    expect([others.length, result?.errors.length, result?.outside]).toEqual([0, 1, 1]);
    expect(result?.errors[0]).toMatch(/load\.test\.ts:\n.*error: at load.*\(fail\) outside of any test$/s);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
