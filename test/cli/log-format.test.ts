import { describe, expect, test } from "bun:test";
import { type LogFormat, logLine } from "../../src/cli/log-format.ts";
import { paintsFor } from "../../src/cli/terminal.ts";

describe("a log line", () => {
  const plain = paintsFor({ write: () => undefined });
  const record = (properties: Record<string, unknown>) => ({
    category: ["tenk", "net"],
    level: "info" as const,
    message: ["listening"],
    rawMessage: "listening",
    timestamp: new Date(2026, 0, 2, 3, 4, 5, 6).getTime(),
    properties,
  });

  test.each([
    [{ name: "packets", port: 9091 }, "03:04:05.006 INFO  net listening name=packets port=9091"],
    [{ left: undefined }, "03:04:05.006 INFO  net listening"],
    [{ why: "two words" }, '03:04:05.006 INFO  net listening why="two words"'],
    [{ why: "a=b" }, '03:04:05.006 INFO  net listening why="a=b"'],
    [{ peer: "x\n03:04:05.007 INFO forged" }, '03:04:05.006 INFO  net listening peer="x\\n03:04:05.007 INFO forged"'],
    [{ peer: "" }, '03:04:05.006 INFO  net listening peer=""'],
  ])("of %j is one line", (properties, line) => {
    expect(logLine(record(properties), { paints: plain })).toBe(line);
  });

  test.each<[LogFormat, boolean, string]>([
    ["logfmt", false, 'time=2026-01-02T03:04:05.006Z level=info part=net msg=listening why="a b" level_=3'],
    [
      "json",
      false,
      '{"time":"2026-01-02T03:04:05.006Z","level":"info","part":"net","msg":"listening","why":"a b","level_":3}',
    ],
    ["pretty", true, '<6>INFO  net listening why="a b" level=3'],
    ["logfmt", true, '<6>level=info part=net msg=listening why="a b" level_=3'],
    ["json", true, '<6>{"level":"info","part":"net","msg":"listening","why":"a b","level_":3}'],
  ])("as %s, in the journal: %p", (format, isJournal, line) => {
    const event = { ...record({ why: "a b", gone: undefined, level: 3 }), timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 6) };
    expect(logLine(event, { paints: plain, format, isJournal })).toBe(line);
  });

  test("of a message of several lines has a priority on each in the journal, and stays one line elsewhere", () => {
    const event = { ...record({}), level: "error" as const, rawMessage: "reload failed\nline 3" };
    expect(logLine(event, { paints: plain, isJournal: true })).toBe("<3>ERROR net reload failed\n<3>line 3");
    for (const format of ["logfmt", "json"] as const)
      expect(logLine(event, { paints: plain, format })).not.toContain("\n");
  });
});
