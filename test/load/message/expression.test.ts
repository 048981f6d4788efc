import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Expression } from "../../../src/load/message/expression.ts";
import { parseTemplate } from "../../../src/load/message/template.ts";

const parse = (text: string, escaped = false) =>
  parseTemplate({ kind: "text", text, first: false, unescape: escaped, name: "-m" });

/** An expression in few words, for tables. */
function brief(expression: Expression): string {
  if (expression.kind === "bytes") return JSON.stringify(Buffer.from(expression.bytes).toString("latin1"));
  if (expression.kind === "number") return [expression.source, ...expression.moduli].join("%");
  if (expression.kind === "file") return `<${expression.path}>`;
  return expression.kind === "regex" ? `${expression.scope} ${expression.regex.maxBytes}` : expression.kind;
}

test("a message is cut into its bytes and its expressions", () => {
  const table: [string, string[]][] = [
    ["", []],
    ["plain", ['"plain"']],
    ["\\{connection.uid}", ["uid"]],
    ["a\\{connection.uid%10}b", ['"a"', "uid%10", '"b"']],
    ["\\{ connection . uid % 100 % 7 }", ["uid%100%7"]],
    ["\\{connection.ptr}", ["ptr"]],
    ["\\{message.marker}\\{message.marker}", ["marker", "marker"]],
    ["\\{re [a-z]{3}}!", ["message 3", '"!"']],
    ["\\{re (a|b{2,4})}}", ["message 4", '"}"']],
    ["\\{re [}]\\}}x", ["message 2", '"x"']],
    ["\\{re .{5}}", ["message 5"]],
    ["\\{re ab }", ["message 2"]],
    ["\\{re a b}", ["message 3"]],
    ["\\{re(a)}", ["message 1"]],
    ["\\{connection.re [0-9]{8}}", ["connection 8"]],
    ["\\{global.re .é}", ["global 3"]],
    ["\\{<file.txt>}", ["<file.txt>"]],
    ['\\{< "a file.txt" >}', ["<a file.txt>"]],
    ["\\{<c:\\dir\\file>}", ["<c:\\dir\\file>"]],
    ['\\{"a\\n\\"\\}"}', ['"a\\n\\"}"']],
    ["no \\n escape", ['"no \\\\n escape"']],
    ["\\\\{re x}", ['"\\\\\\\\{re x}"']],
    ["\\", ['"\\\\"']],
  ];
  for (const [text, expected] of table) expect({ text, got: parse(text).map(brief) }).toEqual({ text, got: expected });
});

test("escapes are replaced in the text around expressions, not inside them", () => {
  expect(parse("GET \\{re a\\.b}\\r\\n", true).map(brief)).toEqual(['"GET "', "message 3", '"\\r\\n"']);
  expect(parse("\\\\{x}", true).map(brief)).toEqual(['"\\\\{x}"']);
});

test("a part that holds no expressions by agreement is sent as it stands", () => {
  const part = { kind: "text", text: "\\{nothing}", first: false, unescape: false, expressions: false } as const;
  expect(parseTemplate(part).map(brief)).toEqual(['"\\\\{nothing}"']);
});

test("a file may hold any bytes around its expressions", () => {
  const bytes = new Uint8Array([0xff, 0, ...Buffer.from("\\{connection.uid}"), 0xfe]);
  const parsed = parseTemplate({ kind: "file-bytes", bytes, first: false, unescape: false });
  expect(parsed.map(brief)).toEqual(['"ÿ\\u0000"', "uid", '"þ"']);
});

test("what cannot be read is refused with the expression, a caret, what was expected and the nearest name", () => {
  const table: [string, string, string | undefined][] = [
    ["\\{conection.uid}", 'found "conection.uid"', "did you mean connection.uid?"],
    ["\\{connection.uuid}", 'found "connection.uuid"', "did you mean connection.uid?"],
    ["\\{mesage.marker}", "expected connection.uid, connection.ptr", "did you mean message.marker?"],
    [
      "\\{}",
      'expected connection.uid, connection.ptr, connection.re, global.re, re, message.marker, <file> or "text"',
      undefined,
    ],
    ["\\{", "found the end of the text", undefined],
    ["\\{connection.uid", 'the expression is not closed: expected "}"', undefined],
    ["\\{connection.uid % 0}", 'expected a whole number from 1 on after "%"', "such as connection.uid % 10"],
    ["\\{connection.uid % ten}", 'expected a whole number from 1 on after "%"', "such as connection.uid % 10"],
    ["\\{connection.uid + 1}", 'expected "}", found "+"', undefined],
    ["\\{message.marker % 2}", "only connection.uid and connection.ptr are numbers", undefined],
    ["\\{re }", "expected a regex", "such as [a-z0-9]+"],
    ["\\{re [a}", "column 6: the character class is not closed", undefined],
    ["\\{<>}", "expected a file name as in <file.txt>", undefined],
    ['\\{"open}', "the quoted text is not closed", undefined],
    ["\\{ws.ping}", '"ws.ping" makes a WebSocket frame, and only `tenk load ws` sends frames', undefined],
    ['\\{raw "x"}', '"raw" keeps a message from WebSocket framing, and only `tenk load ws` sends frames', undefined],
  ];
  for (const [text, message, hint] of table) {
    let thrown: unknown;
    try {
      parse(`before ${text}`);
    } catch (error) {
      thrown = error;
    }
    expect({ text, thrown }).toMatchObject({ text, thrown: { code: "usage", hint } });
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).message).toStartWith("Cannot read the expression in -m at column ");
  }
  expect(() => parse("x\\{conection.uid}")).toThrow(
    'message.marker, <file> or "text", found "conection.uid"\n  \\{conection.uid}\n    ^',
  );
});

test("an expression that is not UTF-8, or too long, is refused", () => {
  const bytes = new Uint8Array([...Buffer.from("\\{re a"), 0xff, ...Buffer.from("}")]);
  const part = { kind: "file-bytes", bytes, first: false, unescape: false } as const;
  expect(() => parseTemplate(part)).toThrow("an expression must be valid UTF-8");
  expect(() => parse(`\\{re ${"a".repeat(5000)}}`)).toThrow("the expression is not closed");
});

test("random bytes are cut so that nothing is lost, or refused as a usage error", () => {
  const words = fc.constantFrom(
    "\\",
    "{",
    "}",
    "\\{",
    "re ",
    "connection.",
    "uid",
    "%",
    "1",
    "<",
    ">",
    '"',
    "[",
    "é",
    "\\\\",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 15 }), fc.boolean(), (parts, escaped) => {
      try {
        const parsed = parse(parts.join(""), escaped);
        if (!escaped && parsed.every((it) => it.kind === "bytes") && !parts.join("").includes("\\{")) {
          expect(Buffer.concat(parsed.map((it) => it.bytes)).toString()).toBe(parts.join(""));
        }
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
      }
    }),
    { numRuns: 1000 },
  );
});
