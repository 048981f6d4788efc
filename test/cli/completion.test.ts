import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { completionScript } from "../../src/cli/completion.ts";
import { allCommands } from "../../src/cli/mod.ts";

const script = completionScript(await allCommands(), "bash");

describe("bash completes", () => {
  const cases: [typed: string[], expected: string[]][] = [
    [["lo"], ["load"]],
    [["load", "t"], ["tcp"]],
    [
      ["load", "tcp", "--conn"],
      ["--connections", "--connect-rate", "--connect-timeout"],
    ],
    [
      ["dns", ""],
      ["log", "why"],
    ],
    [["check", ""], []],
    [["nothing", "--vers"], ["--version"]],
  ];
  test.each(cases)("%j", (typed, expected) => {
    const words = ["tenk", ...typed].map((word) => `'${word}'`).join(" ");
    const call = `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _tenk; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", call], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((word) => word !== "")).toEqual(expected);
  });
});

test.each(["zsh", "fish"])("the script for %s names every command and option", async (shell) => {
  const program = await allCommands();
  const text = completionScript(program, shell);
  for (const command of program.commands) {
    expect(text).toContain(command.name());
    for (const { long, hidden } of command.options) if (long && !hidden) expect(text).toContain(long.slice(2));
  }
});

test("another shell is a usage error that names those that can be completed", async () => {
  const program = await allCommands();
  expect(() => completionScript(program, "csh")).toThrow('Cannot complete in "csh": expected bash, zsh or fish');
});
