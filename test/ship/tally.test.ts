import { expect, test } from "bun:test";
import { tally, together } from "../../scripts/tally.ts";

const cases: [what: string, said: string, code: number, line: string, exitCode: number][] = [
  ["all passed", " 14 pass\n 0 fail\nRan 14 tests", 0, "14 passed, 0 failed", 0],
  ["some failed and some were skipped", " 3 pass\n 2 skip\n 1 todo\n 2 fail\n", 1, "3 passed, 2 failed, 3 skipped", 1],
  ["colours", "\x1b[0m\x1b[32m 5 pass\x1b[0m\n\x1b[0m\x1b[2m 0 fail\x1b[0m\n", 0, "5 passed, 0 failed", 0],
  ["a test's own output looks like a summary", " 9 fail\nnoise\n 2 pass\n 0 fail\n", 0, "2 passed, 0 failed", 0],
  ["an error outside of any test", " 2 pass\n 0 fail\n 1 error\n", 1, "2 passed, 1 failed", 1],
  ["it broke off without a summary", "Segmentation fault", 139, "0 passed, 1 failed", 139],
  ["it ran nothing", "No tests found!", 0, "0 passed, 1 failed", 1],
  ["it passed but ended badly", " 2 pass\n 0 fail\n", 134, "2 passed, 1 failed", 134],
];
test.each(cases)("the closing line when %s", (_, said, code, line, exitCode) => {
  expect(tally(said, code)).toMatchObject({ line, exitCode });
});

test("runs side by side are added up, and one that failed fails all", () => {
  const [good, bad, broken] = [tally(" 5 pass\n 0 fail\n", 0), tally(" 1 pass\n 1 fail\n", 1), tally("", 139)];
  expect(together([good, good])).toMatchObject({ line: "10 passed, 0 failed", exitCode: 0 });
  expect(together([good, bad])).toMatchObject({ line: "6 passed, 1 failed", exitCode: 1 });
  expect(together([broken, good])).toMatchObject({ line: "5 passed, 1 failed", exitCode: 139 });
});
