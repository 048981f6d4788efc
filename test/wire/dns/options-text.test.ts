import { expect, test } from "bun:test";
import { optionsText } from "../../../src/wire/dns/mod.ts";
import { hex } from "../support.ts";

test.each([
  ["", ""],
  ["00030000", "NSID"],
  ["00080007 00011800 c00002", "ECS=192.0.2.0/24/0"],
  ["0008000b 00023830 20010db8000100", "ECS=2001:db8:1::/56/48"],
  ["00080004 00000000", "ECS=0.0.0.0/0/0"],
  ["000a0008 0011223344556677 000c0003 000000", "COOKIE=0011223344556677 PADDING=3"],
  ["000f0002 000f", "EDE=15, Blocked"],
  ["000f0006 000f 610a22ff", 'EDE=15, Blocked: "a\\010\\"\\255"'],
  ["fde90002 abcd", "OPT65001=abcd"],
])("the options %s are told as %p", (digits, text) => {
  const bytes = hex(digits);
  expect(optionsText(bytes, 0, bytes.length)).toBe(text);
});
