import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { TenkError } from "../../src/base/mod.ts";
import { failureOf } from "../../src/cli/failure.ts";
import { loadCommand } from "../../src/cli/load.ts";
import { addLoadOptions, type LoadWords, unescapesNothing } from "../../src/cli/load-options.ts";
import { REFUSED } from "../../src/cli/tcpkali.ts";
import { throwUsageErrors } from "../../src/cli/usage-error.ts";
import { EXPECTABLE } from "../../src/load/mod.ts";
import { withFolder } from "./tenk.ts";

function read(words: readonly string[]) {
  const command = throwUsageErrors(new Command("tcp").argument("<target>"));
  const messages = addLoadOptions(command);
  command.parse(["127.0.0.1:9091", ...words], { from: "user" });
  return { words: command.opts<LoadWords>(), messages, target: command.args[0] };
}

function refusal(words: readonly string[]): string {
  try {
    read(words);
  } catch (error) {
    expect(failureOf(error).exitCode).toBe(2);
    return failureOf(error).text;
  }
  throw new Error(`expected ${words.join(" ")} to be refused`);
}

test.each([
  [["-m", "a\\n", "-e"], true],
  [["-e"], true],
  [["-e", "-m", "a\\n", "-e"], false],
  [["-m", "a", "-e", "--reply-end", "\\n"], false],
  [["-m", "a\\n"], false],
])("that %j unescapes nothing is %p", (given, isSo) => {
  const { words, messages } = read(given);
  expect(unescapesNothing(words, messages)).toBe(isSo);
});

test.each([
  ["--box", "--stats-url", "none", "none"],
  ["--box", "--stats-url", "http://127.0.0.1:1", "http://127.0.0.1:1"],
  ["--no-keep", "--no-save", undefined, false],
])("the old name %s still means %s", (old, name, value, expected) => {
  const given = (option: string) => read(value === undefined ? [option] : [option, value]).words;
  const field = name === "--no-save" ? "save" : "statsUrl";
  expect([given(old)[field], given(name)[field], read([]).words[field]]).toEqual([
    expected,
    expected,
    field === "save" ? true : undefined,
  ]);
});

describe("tcpkali's spellings", () => {
  test.each([
    [["-c", "10k"], { connections: 10_000 }],
    [["-c10k"], { connections: 10_000 }],
    [["--connections=500"], { connections: 500 }],
    [["-r", "0.25"], { messageRate: 0.25 }],
    [["-T", "240s"], { duration: 240_000 }],
    [["-T1h"], { duration: 3_600_000 }],
    [["-T", "30"], { duration: 30_000 }],
    [["--connect-rate", "1k", "--connect-timeout", "500ms"], { connectRate: 1_000, connectTimeout: 500 }],
    [["--channel-lifetime=0.1"], { channelLifetime: 100 }],
    [["--channel-bandwidth-upstream", "1Mbps"], { channelBandwidthUpstream: 125_000 }],
    [["--channel-bandwidth-downstream", "0"], { channelBandwidthDownstream: 0 }],
    [["--nagle=on"], { nagle: true }],
    [["--nagle", "off"], { nagle: false }],
    [["--rcvbuf", "64k", "--sndbuf", "1k"], { rcvbuf: 65_536, sndbuf: 1024 }],
    [["--source-ip", "127.0.0.2", "--source-ip", "127.0.0.3"], { sourceIp: ["127.0.0.2", "127.0.0.3"] }],
    [["--latency-percentiles", "95/99,99.5"], { latencyPercentiles: [95, 99, 99.5] }],
    [["--latency-connect", "--latency-first-byte"], { latencyConnect: true, latencyFirstByte: true }],
    [["-d", "--dump-all-in"], { dumpOne: true, dumpAllIn: true }],
    [["-T", "-1"], { duration: Number.POSITIVE_INFINITY }],
    [["--latency-marker", "x"], { latencyMarker: { text: "x", unescape: false, name: "--latency-marker" } }],
    [["-e", "--reply-end", "\\n"], { replyEnd: { text: "\\n", unescape: true, name: "--reply-end" } }],
    [["-w", "2"], { workers: 2 }],
    [["-v"], { v: true }],
    [["--verbose", "3"], { verbose: 3 }],
    [["--ssl"], { ssl: true }],
    [["--expect", "lost=0", "--expect", "p99<50ms"], { expect: ["lost=0", "p99<50ms"] }],
    [[], { connections: 1, connectRate: 100, connectTimeout: 1000, duration: 10_000, live: true }],
  ])("%j", (words, read_) => {
    expect(read(words).words).toMatchObject(read_ as Partial<LoadWords>);
  });

  test("-e holds for the messages after it, as in tcpkali", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "body");
      writeFileSync(file, "a\\n");
      const { messages } = read(["-m", "x\\n", "-e", "-1", "hi", "-f", file, "--first-message-file", file]);
      expect(messages.map(({ first, unescape: escapes, name }) => [first, escapes, name])).toEqual([
        [false, false, "-m"],
        [true, true, "-1"],
        [false, true, `-f ${file}`],
        [true, true, `--first-message-file ${file}`],
      ]);
      expect(messages[2]).toMatchObject({ kind: "file-bytes", bytes: new Uint8Array(readFileSync(file)) });
      expect(read(["-em", "GET /"]).messages).toEqual([
        { kind: "text", text: "GET /", first: false, unescape: true, name: "-m" },
      ]);
    });
  });
});

describe("what cannot be is refused with one line", () => {
  test.each([
    [
      ["-c", "10x"],
      'tenk: -c, --connections: Cannot read "10x" as a count: expected a number and one of k, m, g (for example 10k)',
    ],
    [["-c", "0"], 'tenk: -c, --connections: Cannot use "0": it must be more than 0'],
    [["-c", "1.5"], 'tenk: -c, --connections: Cannot read "1.5" as a count'],
    [["-T", "ten"], 'tenk: -T, --duration: Cannot read "ten" as a duration'],
    [
      ["-r", "@10ms"],
      'tenk: -r, --message-rate: a search for the rate that keeps a latency is spelled otherwise here (--find-limit --expect "p95<10ms")',
    ],
    [
      ["-r", "1", "--total-rate", "5"],
      "tenk: option '--total-rate <n>' cannot be used with option '-r, --message-rate <n>'",
    ],
    [["--nagle", "maybe"], 'tenk: --nagle: Cannot use "maybe": expected one of on, off'],
    [["-f", "/nowhere/body"], "tenk: -f, --message-file: Cannot read /nowhere/body: there is no such file"],
    [["--latency-percentiles", "95,x"], 'tenk: --latency-percentiles: Cannot read "95,x"'],
    [["--mesage", "x"], "tenk: unknown option '--mesage' (Did you mean --message?)"],
  ])("%j", (words, line) => {
    expect(refusal(words)).toStartWith(line);
  });

  test.each(REFUSED.flatMap(({ flags }) => flags.replace(/ \[.*/, "").split(", ")).map((name) => [name]))(
    "%s is named, with the reason and what to use",
    (name) => {
      for (const words of [[name], [name, "value"]]) {
        const line = refusal(words);
        expect(line).toContain(name);
        expect(line).toMatch(/^tenk: .* is not carried over from tcpkali: .* \(.*\)$/);
      }
    },
  );

  test("a refusal is a reason, not a slip of the pen", () => {
    try {
      read(["--statsd"]);
    } catch (error) {
      expect((error as TenkError).code).toBe("unsupported");
    }
  });
});

test("docs/load.md has every option, taken or refused", () => {
  const page = readFileSync(new URL("../../docs/load.md", import.meta.url), "utf8");
  const command = new Command("tcp");
  addLoadOptions(command);
  for (const { short, long } of command.options) {
    for (const name of [short, long])
      if (name && name !== "--no-live") expect(page).toMatch(new RegExp(`\`[^\`]*${name}\\b`));
  }
});

test("every name for --expect is on docs/load.md and in the help", () => {
  const page = readFileSync(new URL("../../docs/load.md", import.meta.url), "utf8");
  const parts: string[] = [];
  const command = loadCommand(() => {}).commands[0]!.configureOutput({ writeOut: (text) => void parts.push(text) });
  command.outputHelp();
  const help = parts.join("");
  for (const name of EXPECTABLE) {
    expect(page).toMatch(new RegExp(`\`${name}\``));
    expect(help).toMatch(new RegExp(`[ ,]${name}[,\n]`));
  }
  for (const line of help.split("Names for")[1]!.split("Examples")[0]!.split("\n")) {
    expect(line.length).toBeLessThanOrEqual(90);
  }
});
