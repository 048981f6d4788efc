import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { dbusGreeting, readDbusMessage, writeCall } from "../../src/wire/dbus/mod.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const HELLO = { serial: 1, destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus", member: "Hello" }; // biome-ignore format: one object

describe("a D-Bus message", () => {
  test("of a call is as the specification has it", () => {
    const bytes = writeCall(HELLO);
    expect(hex(bytes.subarray(0, 16))).toBe("6c010001" + "00000000" + "01000000" + "6d000000");
    expect(Buffer.from(bytes.subarray(16, 48)).toString("latin1")).toBe("\u0001\u0001o\0\u0015\0\0\0/org/freedesktop/DBus\0\0\0"); // biome-ignore format: one call
    expect(bytes.length % 8).toBe(0);
  });

  test("of a call with lists of strings is read again", () => {
    const bytes = writeCall({ ...HELLO, body: ["a.service", ["b", "", "ü"], []] });
    expect(readDbusMessage(bytes, 4096)).toEqual({
      state: "value",
      value: { type: "other", replySerial: 0, errorName: undefined, body: ["a.service", ["b", "", "ü"], []] },
      length: bytes.length,
    });
    for (let cut = 0; cut < bytes.length; cut++)
      expect(readDbusMessage(bytes.subarray(0, cut), 4096).state).toBe("incomplete");
    expect(readDbusMessage(bytes, bytes.length - 1)).toMatchObject({ state: "refused", reason: "too-long" });
  });

  test("of a bus in the other byte order is read too", () => {
    // A reply to call 7: fields in big-endian, then the string "hi".
    const fields = "05017500" + "00000007" + "08016700" + "017300";
    const bytes = Buffer.from(`42020101${"00000007"}${"00000002"}${"0000000f"}${fields}00${"00000002"}686900`, "hex");
    expect(readDbusMessage(bytes, 4096)).toMatchObject({
      value: { type: "reply", replySerial: 7, body: ["hi"] },
      length: bytes.length,
    });
  });

  test("greets with the user's number in hexadecimal letters", () => {
    expect(Buffer.from(dbusGreeting(1000)).toString("latin1")).toBe("\0AUTH EXTERNAL 31303030\r\nBEGIN\r\n");
  });

  test("of any bytes is never thrown for", () => {
    const head = fc.constantFrom(
      "6c02000110000000010000000000000000000000",
      "6c0300010800000001000000180000000501750001000000080167000161280000000000",
    );
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 60 }), (start, tail, at) => {
        const bytes = Buffer.concat([Buffer.from(start, "hex"), tail]);
        if (at < bytes.length) bytes[at]! ^= 0x55;
        expect(["incomplete", "refused", "value"]).toContain(readDbusMessage(bytes, 4096).state);
      }),
      { numRuns: 300 },
    );
  });
});
