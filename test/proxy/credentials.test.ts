import { expect, test } from "bun:test";
import { CheckedCredentials } from "../../src/proxy/guard/checked-credentials.ts";
import { authorizationOf, readBasic } from "../../src/proxy/guard/credentials.ts";
import { Head, REQUEST_LIMITS, readRequest } from "../../src/wire/http1/mod.ts";

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes as string).toString("base64");
const read = (value: string) => readBasic(Buffer.from(value, "latin1"));

test.each([
  [`Basic ${base64("ada:secret")}`, "ada", "secret"],
  [`bASIC   ${base64("ada:se:cret")}`, "ada", "se:cret"],
  [`Basic ${base64("bö:päß")}`, "bö", "päß"],
  [`Basic ${base64(":")}`, "", ""],
])("%s are the credentials of %s", (value, user, password) => {
  expect(read(value)).toEqual({ user, password });
});

test.each([
  `Basic ${base64("ada")}`,
  `Basic ${base64(Uint8Array.of(0x61, 0x3a, 0xff))}`,
  `Basic ${base64("ada:secret")} x`,
  `Basic${base64("ada:secret")}`,
  `Digest ${base64("ada:secret")}`,
  "Basic a-b_",
  "",
])("%s are none", (value) => {
  expect(read(value)).toBeUndefined();
});

test("any bytes are read or refused, and never more than were sent", () => {
  for (let run = 0; run < Number(process.env.TENK_RUNS ?? 2000); run++) {
    const bytes = Buffer.from(Array.from({ length: Math.random() * 40 }, () => Math.random() * 256));
    const value = Math.random() < 0.5 ? bytes : Buffer.from(`Basic ${base64(bytes)}`);
    const credentials = readBasic(value);
    if (credentials !== undefined) expect(credentials.user.length + credentials.password.length).toBeLessThan(40);
  }
});

test.each([
  [["Authorization: a"], "a"],
  [["Authorization: a", "authorization: a"], undefined],
  [["X-Authorization: a"], undefined],
  [[`Authorization: ${"a".repeat(5000)}`], undefined],
])("of %j the authorization is %s", (lines, expected) => {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines.join("\r\n")}\r\n\r\n`);
  const head = new Head();
  expect(readRequest(head, bytes, 0, bytes.length, REQUEST_LIMITS)).toBeGreaterThan(0);
  const value = authorizationOf(head, bytes);
  expect(value && Buffer.from(value).toString()).toBe(expected);
});

test("credentials hold for their address, for five minutes, and a thousand of them", () => {
  const checked = new CheckedCredentials<string>(3);
  const name = checked.nameOf("192.0.2.1", Buffer.from("Basic x"));
  expect(name).not.toBe(checked.nameOf("192.0.2.2", Buffer.from("Basic x")));
  expect(name).not.toBe(new CheckedCredentials().nameOf("192.0.2.1", Buffer.from("Basic x")));
  checked.set(name, "ada", 0);
  expect([checked.get(name, 299_999), checked.get(name, 300_000)]).toEqual(["ada", undefined]);
  for (const each of ["b", "c", "d"]) checked.set(each, each, 0);
  expect([checked.size, checked.get(name, 0), checked.get("d", 0)]).toEqual([3, undefined, "d"]);
});
