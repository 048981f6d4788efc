import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { checkCommand } from "../../src/cli/check.ts";
import { failureOf } from "../../src/cli/failure.ts";
import { statusCommand } from "../../src/cli/status.ts";
import { trustCommand } from "../../src/cli/trust.ts";
import { upCommand } from "../../src/cli/up.ts";
import { throwUsageErrors } from "../../src/cli/usage-error.ts";
import { withFolder } from "./tenk.ts";

/** What `tenk` with these words prints. */
function refusal(...words: readonly string[]): string {
  const root = throwUsageErrors(new Command("tenk"));
  for (const make of [upCommand, checkCommand, trustCommand, statusCommand])
    root.addCommand(throwUsageErrors(make(() => undefined)));
  try {
    root.parse(words, { from: "user" });
  } catch (error) {
    expect(failureOf(error).exitCode).toBe(2);
    return failureOf(error).text;
  }
  throw new Error(`expected ${words.join(" ")} to be refused`);
}

const TOO_MANY = ". Expected 0 arguments but got 1";

test.each(["up", "check", "trust"])("tenk %s with a file but no --config says how to name it", async (command) => {
  await withFolder(async (folder) => {
    const spaced = join(folder, "my box");
    writeFileSync(spaced, "");
    for (const [word, shown] of [
      ["none.yaml", "none.yaml"],
      ["none.YML", "none.YML"],
      [spaced, `'${spaced}'`],
    ] as const) {
      const hint = `did you mean --config ${shown}?`;
      expect(refusal(command, word)).toBe(`tenk: too many arguments for '${command}'${TOO_MANY} (${hint})`);
    }
    expect(refusal(command, folder)).toEndWith(`${TOO_MANY} (see tenk ${command} --help)`);
  });
});

test.each([
  [["a.yaml"], "unknown command 'a.yaml' (did you mean tenk up --config a.yaml?)"],
  [["reverse-proxy"], "unknown command 'reverse-proxy' (tenk --help lists the commands)"],
  [["chek"], "unknown command 'chek' (Did you mean check?)"],
  [["up", "-c", "a.yaml"], "unknown option '-c' (see tenk up --help)"],
  [["up", "--conf", "a.yaml"], "unknown option '--conf' (Did you mean --config?)"],
  [["status", "a.yaml"], `too many arguments for 'status'${TOO_MANY} (see tenk status --help)`],
])("%j", (words, text) => {
  expect(refusal(...words)).toBe(`tenk: ${text}`);
});
