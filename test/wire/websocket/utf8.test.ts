import { expect, test } from "bun:test";
import { checkUtf8, UTF8_BETWEEN, UTF8_BROKEN } from "../../../src/wire/websocket/mod.ts";
import { run } from "../plain.ts";
import { encoder, hex } from "../support.ts";

test.each([
  ["61 62", UTF8_BETWEEN],
  ["f4 8f bf bf", UTF8_BETWEEN],
  ["ed 9f bf ee 80 80", UTF8_BETWEEN],
  ["c0 80", UTF8_BROKEN],
  ["e0 9f bf", UTF8_BROKEN],
  ["ed a0 80", UTF8_BROKEN],
  ["f0 8f bf bf", UTF8_BROKEN],
  ["f4 90 80 80", UTF8_BROKEN],
  ["f5", UTF8_BROKEN],
  ["80", UTF8_BROKEN],
  ["e4 61", UTF8_BROKEN],
])("%s", (digits, state) => {
  const bytes = hex(digits);
  expect(checkUtf8(UTF8_BETWEEN, bytes, 0, bytes.length)).toBe(state);
});

const SEEDS = ["plain", "Grüße", "世界", "🌍 and more", "é".repeat(300)].map((text) => encoder.encode(text));

/** The runtime's decoder agrees: a text that is broken, or that ends within a character, is none. */
run("texts", SEEDS, (bytes, random) => {
  let isText = true;
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    isText = false;
  }
  const place = random(bytes.length + 1);
  const state = checkUtf8(UTF8_BETWEEN, bytes, 0, place);
  const end = state === UTF8_BROKEN ? state : checkUtf8(state, bytes, place, bytes.length);
  if ((end === UTF8_BETWEEN) !== isText) throw new Error(`state ${end}, the runtime says ${isText}`);
});
