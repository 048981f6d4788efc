import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { commandLine } from "../../src/cli/command-line.ts";

describe("a command line that is kept", () => {
  test.each([
    [["load", "tcp", "a:1", "-m", "ping"]],
    [["load", "tcp", "a:1", "-em", "PING\\r\\n", "--expect", "p99<50ms"]],
    [["load", "tcp", "a:1", "-m", 'it\'s $HOME `id` "x" \n*', "-f", ""]],
  ])("%j means the same to a shell", (words) => {
    const kept = commandLine(words)!.replace(/^tenk /, "");
    const { stdout } = spawnSync("sh", ["-c", `for word in ${kept}; do printf '%s\\0' "$word"; done`]);
    expect(stdout.toString().split("\0").slice(0, -1)).toEqual(words);
  });

  test.each([
    ["--push https://user:pass@grafana.example/push?token=t0 -c 1", "--push https://grafana.example/push -c 1"],
    ["--push=https://user:p@ss@grafana.example/push", "--push=https://grafana.example/push"],
    ["--box http://127.0.0.1:9190/?token=secret#x", "--box http://127.0.0.1:9190/"],
    ["--stats-url http://u:p@box:9190", "--stats-url http://box:9190"],
    ["-m http://a@b/?c=d", "-m 'http://a@b/?c=d'"],
  ])("%s is kept as %s", (words, kept) => expect(commandLine(words.split(" "))).toBe(`tenk ${kept}`));

  test("is none where it is too long", () => expect(commandLine(["-m", "x".repeat(3000)])).toBeUndefined());
});
