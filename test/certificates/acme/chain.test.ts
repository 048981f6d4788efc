/** What a CA delivers is checked before it is served. */
import { beforeAll, describe, expect, test } from "bun:test";
import { alternatesOf, checkChain, leadsTo } from "../../../src/certificates/acme/chain.ts";
import { LocalCa } from "../../../src/certificates/local/mod.ts";
import type { IssuedCertificate } from "../../../src/certificates/mod.ts";
import { certificatesIn } from "../../../src/certificates/x509/mod.ts";
import { DAY_MS, request } from "../support.ts";

describe("a chain", () => {
  const names = ["a.home.arpa", "192.168.1.2", "fd00::1"];
  let issued: IssuedCertificate;
  let ofAnother: IssuedCertificate;
  let root: string;
  const nowMs = Date.now();

  beforeAll(async () => {
    const ca = new LocalCa({ folder: undefined, hostname: "one" });
    issued = await ca.issue(request(...names));
    root = (await ca.certificates()).commonName;
    ofAnother = await new LocalCa({ folder: undefined, hostname: "two" }).issue(request(...names));
  });

  test("that was ordered is taken, in order", () => {
    expect(checkChain(issued.cert.replaceAll("\n", "\r\n"), issued.key, names, nowMs)).toBe(issued.cert);
    expect(leadsTo(issued.cert, root)).toBeTrue();
    expect(leadsTo(issued.cert, "another root")).toBeFalse();
  });

  test.each([
    ["for one name less", () => [issued.cert, [...names, "b.home.arpa"], nowMs], "it is not for b.home.arpa"],
    ["for one name more", () => [issued.cert, names.slice(1), nowMs], "it is for names that were not ordered"],
    ["that has expired", () => [issued.cert, names, nowMs + 90 * DAY_MS], "it has expired at 2"],
    ["of the future", () => [issued.cert, names, nowMs - 90 * DAY_MS], "it is valid only from 2"],
    ["for another key", () => [ofAnother.cert, names, nowMs], "it is for another key"],
    [
      "with another's intermediate",
      () => [mixed(), names, nowMs],
      "certificate 1 of the chain was not signed by the next",
    ],
    [
      "with itself twice",
      () => [certificatesIn(issued.cert)[0]!.repeat(2), names, nowMs],
      "certificate 1 of the chain was not signed",
    ],
    ["of another kind of PEM", () => [issued.key, names, nowMs], "it has 0 certificates"],
  ] as [string, () => [string, string[], number], string][])("%s is refused", (_, make, said) => {
    const [pem, ordered, atMs] = make();
    expect(() => checkChain(pem, issued.key, ordered, atMs)).toThrow(said);
  });

  function mixed(): string {
    return certificatesIn(issued.cert)[0]! + certificatesIn(ofAnother.cert)[1]!;
  }
});

test.each([
  [null, []],
  ['<https://ca/1>;rel="alternate"', ["https://ca/1"]],
  [
    '<https://ca/dir>;rel="index", <../c/1>; rel=alternate, </c/2>;title="x";rel="alternate"',
    ["https://ca.example.org/c/1", "https://ca.example.org/c/2"],
  ],
  ["<<<>>>;rel=alternate", []],
  [`${"<a>;rel=alternate,".repeat(5000)}`, expect.any(Array)],
])("alternate chains in the header %p", (header, expected) => {
  expect(alternatesOf(header, "https://ca.example.org/cert/0")).toEqual(expected as string[]);
});
