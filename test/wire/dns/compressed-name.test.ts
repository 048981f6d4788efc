/** Compression (line D01 of the security tests): what is read, what is not, and how much work a message may cause. */
import { expect, test } from "bun:test";
import { checkName, expandName, nameText, parseName, sameNames, skipName } from "../../../src/wire/dns/mod.ts";
import { concat, hex, latin1 } from "../support.ts";

const HEADER = "00".repeat(12);
const OUT = new Uint8Array(300);

/** @param digits a message without its header @returns the name at `at`, or undefined, and where it ends */
function read(digits: string, at: number, prefix = 0): [text: string | undefined, end: number] {
  const message = concat(new Uint8Array(prefix).fill(0xff), hex(HEADER + digits));
  const end = checkName(message, prefix, message.length, prefix + at, { steps: 1000 });
  const outEnd = expandName(message, prefix, message.length, prefix + at, OUT, 0);
  expect(outEnd < 0).toBe(end < 0);
  if (end >= 0) expect(skipName(message, prefix + at)).toBe(end);
  return [outEnd < 0 ? undefined : nameText(OUT), end < 0 ? end : end - prefix];
}

test.each([
  ["plain", "0161 0162 00", 12, "a.b", 17],
  ["a pointer behind a label", "0162 00 0161 c00c", 15, "a.b", 19],
  ["a pointer alone", "0162 00 c00c ff", 15, "b", 17],
  ["a pointer to a pointer", "0162 00 c00c c00f", 17, "b", 19],
  ["a pointer to the root", "0162 00 0161 c00e", 15, "a", 19],
])("%s", (_, digits, at, text, end) => {
  expect(read(digits, at)).toEqual([text, end]);
  expect(read(digits, at, 7)).toEqual([text, end]);
});

test.each([
  ["a pointer to itself", "c00c", 12],
  ["a pointer to its own label", "0161 c00c", 12],
  ["a pointer into its own run", "0161 0162 c00e", 12],
  ["two that point at each other", "c00e c00c", 12],
  ["a pointer forward", "c010 0000 0161 00", 12],
  ["a pointer behind the message", "fffe", 12],
  ["a pointer into the header", "c000", 12],
  ["a pointer to the header's last byte", "0161 00 c00b", 15],
  ["half a pointer", "0161 c0", 12],
  ["a label of 64 bytes", `40${"61".repeat(64)}00`, 12],
  ["an extended label (RFC 6891 §5)", "4101 00", 12],
  ["a label beyond the end", "0561", 12],
  ["no root", "0161", 12],
  ["nothing", "", 12],
])("%s is refused", (_, digits, at) => {
  expect(read(digits, at)).toEqual([undefined, -1]);
});

test("half a pointer is refused, whatever comes behind the message", () => {
  const bytes = hex(`${HEADER}0162 00 0161 c00c`);
  const end = bytes.length - 1;
  expect(checkName(bytes, 0, end, 15, { steps: 100 })).toBe(-1);
  expect(expandName(bytes, 0, end, 15, OUT, 0)).toBe(-1);
});

test("a name of 255 bytes is read, one of 256 is not, however it is put together", () => {
  const half = "3f".concat("61".repeat(63));
  const first = half + half; // 128 bytes, then its root
  const at = 12 + 129;
  expect(read(`${first}00 3f${"62".repeat(63)} 3d${"63".repeat(61)} c00c`, at)[0]?.length).toBe(253);
  expect(read(`${first}00 3f${"62".repeat(63)} 3e${"63".repeat(62)} c00c`, at)[0]).toBeUndefined();
});

test("a chain of 127 pointers is followed, one of 128 and of 200 is not", () => {
  const chain = (hops: number) =>
    `0161 00${Array.from({ length: hops }, (_, index) => (0xc000 + (index === 0 ? 12 : 13 + 2 * index)).toString(16)).join("")}`;
  expect(read(chain(127), 13 + 2 * 127)[0]).toBe("a");
  expect(read(chain(128), 13 + 2 * 128)[0]).toBeUndefined();
  expect(read(chain(200), 13 + 2 * 200)[0]).toBeUndefined();
});

test("a budget bounds the steps of all names together", () => {
  const message = hex(`${HEADER}0161 0162 0163 00`);
  const budget = { steps: 10 };
  expect(checkName(message, 0, message.length, 12, budget)).toBe(19);
  expect(budget.steps).toBe(6);
  expect(checkName(message, 0, message.length, 12, budget)).toBe(19);
  expect(checkName(message, 0, message.length, 12, budget)).toBe(-1);
});

test("names of two messages are compared through their pointers, in any case", () => {
  const message = hex(`${HEADER}0162 00 0141 c00c c00f 0163 c00c`);
  const other = concat(latin1("xx"), hex(HEADER), parseName("a.B")!);
  expect(sameNames(message, 0, 15, other, 2, 14)).toBe(true);
  expect(sameNames(message, 0, 19, message, 0, 15)).toBe(true);
  expect(sameNames(message, 0, 21, message, 0, 15)).toBe(false);
  expect(sameNames(message, 0, 12, message, 0, 15)).toBe(false);
});
