import { describe, expect, test } from "bun:test";
import { dumpTap, escaped } from "../../src/cli/dump.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function dumped(words: Parameters<typeof dumpTap>[0]): string[] {
  const lines: string[] = [];
  const tap = dumpTap(words, (line) => lines.push(line));
  tap?.out?.(7, bytes("a\r\n"));
  tap?.in?.(7, bytes("b"));
  tap?.out?.(8, bytes("c"));
  tap?.in?.(8, bytes("d"));
  return lines;
}

describe("a dump", () => {
  test.each([
    [{}, []],
    [{ dumpOne: true }, ["> #7 a\\r\\n", "< #7 b"]],
    [{ dumpOneIn: true }, ["< #7 b"]],
    [{ dumpOneOut: true }, ["> #7 a\\r\\n"]],
    [{ dumpAll: true }, ["> #7 a\\r\\n", "< #7 b", "> #8 c", "< #8 d"]],
    [{ dumpAllOut: true }, ["> #7 a\\r\\n", "> #8 c"]],
    [{ dumpAllIn: true, dumpOneOut: true }, ["> #7 a\\r\\n", "< #7 b", "< #8 d"]],
  ])("%j shows %j", (words, lines) => {
    expect(dumped(words)).toEqual(lines);
  });

  test("lets nothing through that a terminal would obey, and is bounded", () => {
    expect(escaped(bytes("\x1b[2Jü\0"))).toBe("\\x1b[2J\\xc3\\xbc\\x00");
    expect(escaped(new Uint8Array(2000).fill(65))).toEndWith("A … and 976 bytes more");
  });
});
