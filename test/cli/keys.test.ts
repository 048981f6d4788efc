import { expect, test } from "bun:test";
import { type Keyboard, readKeys } from "../../src/cli/keys.ts";

function fakeKeyboard() {
  const listeners = new Set<(bytes: string) => void>();
  const raw: boolean[] = [];
  const keyboard: Keyboard = {
    isTTY: true,
    setRawMode: (isRaw) => raw.push(isRaw),
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    resume: () => undefined,
    pause: () => undefined,
  };
  return { keyboard, raw, press: (text: string) => listeners.forEach((listener) => void listener(text)) };
}

test("single keys end the run and change its rate, and the terminal gets its line editing back", () => {
  const asked: string[] = [];
  const { keyboard, raw, press } = fakeKeyboard();
  const keys = readKeys(
    {
      end: () => asked.push("end"),
      interrupt: () => asked.push("interrupt"),
      scaleRate: (factor) => asked.push(factor.toFixed(4)),
    },
    keyboard,
  );
  press("q");
  press("\x03");
  press("+-");
  press("\x1b[A\x1b[B\x1b[C"); // up, down, right
  press("xyz\n");
  expect(asked).toEqual(["end", "interrupt", "1.1487", "0.8706", "1.1487", "0.8706"]);
  keys![Symbol.dispose]();
  press("q");
  expect(asked).toHaveLength(6);
  expect(raw).toEqual([true, false]);
});

test("there are no keys where there is no keyboard", () => {
  const nothing = { end: () => undefined, interrupt: () => undefined, scaleRate: () => undefined };
  expect(readKeys(nothing, { ...fakeKeyboard().keyboard, isTTY: false })).toBeUndefined();
});
