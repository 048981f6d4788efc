import { describe, expect, test } from "bun:test";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import fc from "fast-check";
import { TenkError } from "../../src/base/mod.ts";
import { localDomainsOf } from "../../src/certificates/folders.ts";
import { checkedName, isBelow, isPublic } from "../../src/certificates/names.ts";

describe("a name for a certificate", () => {
  test.each([
    ["git.home.arpa", "git.home.arpa"],
    ["Git.Home.Arpa.", "git.home.arpa"],
    ["*.home.arpa", "*.home.arpa"],
    ["localhost", "localhost"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["my_box.lan", "my_box.lan"],
    ["127.0.0.1", "127.0.0.1"],
    ["[0:0::1]", "::1"],
    ["FE80::A", "fe80::a"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
  ])("%s is %s", (text, name) => {
    expect(checkedName(text)).toBe(name);
    expect(checkedName(name)).toBe(name);
  });

  test.each([
    "",
    ".",
    "a..b",
    "*",
    "*.local",
    "*.*.home.arpa",
    "a.*.home.arpa",
    "-a.lan",
    "a b.lan",
    "a/b.lan",
    "../etc",
    "a\0b.lan",
    "a:443",
    "https://a.lan",
    "1.2.3",
    "1.2.3.256",
    "010.0.0.1",
    "fe80::1%eth0",
    `${"a".repeat(64)}.lan`,
    `${"a.".repeat(130)}lan`,
    "x".repeat(5000),
  ])("%j is refused", (text) => {
    expect(() => checkedName(text)).toThrow(TenkError);
  });

  test("whatever is accepted is a host name of at most 253 characters, or an address, and fits into a file name", () => {
    const piece = fc.constantFrom(
      "a",
      "B",
      ".",
      "*",
      "-",
      "_",
      ":",
      "[",
      "]",
      "1",
      "/",
      "\0",
      " ",
      "ü",
      "%",
      "xn--",
      "\n",
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
        (text) => {
          let name: string;
          try {
            name = checkedName(text);
          } catch (error) {
            expect(error).toBeInstanceOf(TenkError);
            return;
          }
          expect(name.length).toBeLessThanOrEqual(253);
          if (isIP(name) !== 0) return;
          expect(name).toMatch(/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/);
          expect(domainToASCII(name.replace("*.", ""))).toBe(name.replace("*.", ""));
        },
      ),
      { numRuns: Number(process.env.TENK_RUNS ?? 2000) },
    );
  });
});

describe("who issues", () => {
  test.each([
    ["localhost", false],
    ["a.localhost", false],
    ["box.local", false],
    ["git.home.arpa", false],
    ["home.arpa", false],
    ["*.lan", false],
    ["vault.internal", false],
    ["nas", false],
    ["nas.home", false],
    ["127.0.0.1", false],
    ["10.255.0.1", false],
    ["172.31.255.255", false],
    ["192.168.1.1", false],
    ["100.64.0.1", false],
    ["100.127.255.255", false],
    ["::1", false],
    ["fd00::1", false],
    ["fe80::1", false],
    ["app.example.org", true],
    ["homexarpa.org", true],
    ["xhome.arpa", true],
    ["fritz.box", true],
    ["172.32.0.1", true],
    ["100.128.0.1", true],
    ["8.8.8.8", true],
    ["2001:db8::1", true],
    ["::2", true],
  ])("%s is public: %p", (name, expected) => {
    expect(isPublic(name)).toBe(expected);
  });

  test("a domain of the user's makes its names local", () => {
    expect([isPublic("nas.fritz.box", ["fritz.box"]), isPublic("nas.xfritz.box", ["fritz.box"])]).toEqual([
      false,
      true,
    ]);
  });

  test.each([
    [undefined, [], []],
    ["home.arpa", [], []],
    ["lab.home.arpa", [], []],
    ["example.org", [], []],
    ["nas.home", [], ["nas.home"]],
    ["fritz.box", ["fritz.box"], ["fritz.box"]],
    ["example.org", ["fritz.box", "x.lan"], ["fritz.box"]],
  ])("a configuration with domain %s and local %j adds %j to the root's", (domain, called, expected) => {
    expect(localDomainsOf(domain, called)).toEqual(expected);
  });

  test("a wildcard is below its domain", () => {
    expect([isBelow("*.lan", "lan"), isBelow("lan", "lan"), isBelow("xlan", "lan")]).toEqual([true, true, false]);
  });
});
