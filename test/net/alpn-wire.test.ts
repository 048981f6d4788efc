import { expect, test } from "bun:test";
import { alpnWire } from "../../src/net/tls/words.ts";

test("protocol names are written each behind its length, up to the longest that has one", () => {
  const longest = "x".repeat(255);
  expect(alpnWire(["h2", longest]).toString("latin1")).toBe(`\x02h2\xff${longest}`);
});

test.each(["", "x".repeat(256), "x".repeat(300)])("a name whose length has no byte is refused: %p", (name) => {
  expect(() => alpnWire(["h2", name])).toThrow("must have 1 to 255 bytes");
});
