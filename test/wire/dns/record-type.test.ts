import { expect, test } from "bun:test";
import {
  className,
  opcodeOf,
  parseClass,
  parseType,
  RecordType,
  rcodeName,
  TYPE_NAMES,
  typeName,
} from "../../../src/wire/dns/mod.ts";

test.each([
  [1, "A"],
  [6, "SOA"],
  [27, "GPOS"],
  [33, "SRV"],
  [49, "DHCID"],
  [53, "SMIMEA"],
  [63, "ZONEMD"],
  [65, "HTTPS"],
  [109, "EUI64"],
  [255, "ANY"],
  [257, "CAA"],
  [32_769, "DLV"],
  [54, "TYPE54"],
  [65_280, "TYPE65280"],
])("type %i is %s", (type, name) => {
  expect(typeName(type)).toBe(name);
  expect(parseType(name.toLowerCase())).toBe(type);
  expect(parseType(`TYPE${type}`)).toBe(type);
});

test("every type that the code names has the name of its constant", () => {
  for (const [name, type] of Object.entries(RecordType)) expect(typeName(type).toLowerCase()).toBe(name);
  expect(new Set(TYPE_NAMES).size).toBe(TYPE_NAMES.length);
});

test.each(["", "B", "TYPE", "TYPE65536", "TYPE01", "TYPE-1", "TYPE1.0", "TYPE 1"])("%p is no type", (text) => {
  expect(parseType(text)).toBeUndefined();
});

test("classes and response codes have names", () => {
  expect([1, 3, 255, 7].map(className)).toEqual(["IN", "CH", "ANY", "CLASS7"]);
  expect(["in", "CH", "class7", "X"].map(parseClass)).toEqual([1, 3, 7, undefined]);
  expect([0, 1, 2, 3, 4, 5, 11, 16, 23, 12].map(rcodeName).join(" ")).toBe(
    "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED DSOTYPENI BADVERS BADCOOKIE RCODE12",
  );
  expect(opcodeOf(0x2900)).toBe(5);
});
