import { describe, expect, test } from "bun:test";
import { shownWidth, table } from "../../src/cli/table.ts";
import { paintsFor, Terminal } from "../../src/cli/terminal.ts";

const ESCAPE = "\u001b";
const SEQUENCE = new RegExp(`(${ESCAPE}\\[\\d*[AJ]|\\r|\\n)`);
const UP = new RegExp(`^${ESCAPE}\\[(\\d+)A$`);

/** A terminal's memory of lines, for the three sequences we use: up, column 1, clear to the end. */
function fakeScreen() {
  let lines = [""];
  return {
    isTTY: true,
    columns: 40,
    get lines() {
      return lines.slice(0, -1);
    },
    write(text: string) {
      for (const part of text.split(SEQUENCE)) {
        const up = UP.exec(part)?.[1];
        if (part === "\n") lines.push("");
        else if (up) lines = [...lines.slice(0, lines.length - 1 - Number(up)), ""];
        else if (!part.startsWith(ESCAPE) && part !== "\r") lines[lines.length - 1] += part;
      }
    },
  };
}

describe("a terminal", () => {
  test("keeps the pinned block below the lines that scroll away", () => {
    const screen = fakeScreen();
    const terminal = new Terminal(screen);
    terminal.line("first");
    terminal.pin(["one", "two"]);
    terminal.line("second");
    terminal.pin(["three"]);
    expect(screen.lines).toEqual(["first", "second", "three"]);
    terminal.unpin();
    terminal.line("last");
    expect(screen.lines).toEqual(["first", "second", "last"]);
  });

  test.each([
    [{ isTTY: true }, { TERM: "xterm" }, true],
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { TERM: "dumb" }, false],
    [{ isTTY: false }, { TERM: "xterm" }, false],
  ])("%j with %j is drawn on: %p", (screen, environment, drawn) => {
    expect(new Terminal({ ...screen, write: () => undefined }, environment).isLive).toBe(drawn);
  });

  test.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: false }, {}, false],
    [{ isTTY: true }, { NO_COLOR: "1" }, false],
    [{ isTTY: true }, { TERM: "dumb" }, false],
  ])("%j with %j is coloured: %p", (screen, environment, coloured) => {
    const { red } = paintsFor({ ...screen, write: () => undefined }, environment);
    expect(red("x")).toBe(coloured ? "\x1b[31mx\x1b[0m" : "x");
  });
});

describe("a table", () => {
  test("is aligned, and colours take no width", () => {
    const rows = [
      ["name", "open"],
      ["\x1b[31ma\x1b[0m", "10"],
      ["packets", "9"],
    ];
    expect(table(rows, "lr")).toBe("name     open\n\x1b[31ma\x1b[0m          10\npackets     9");
    expect(shownWidth("\x1b[31ma█\x1b[0m")).toBe(2);
  });
});
