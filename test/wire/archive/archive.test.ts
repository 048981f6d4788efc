import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ArchiveError, type ArchiveLimits, readArchive } from "../../../src/wire/archive/mod.ts";
import { type MadeEntry, tar, tarGz, zip } from "./make.ts";

const LIMITS: ArchiveLimits = { maxEntries: 8, maxFileBytes: 64 * 1024, maxTotalBytes: 100_000 };
const read = (bytes: Uint8Array, limits = LIMITS) =>
  Object.fromEntries(
    [...readArchive(bytes, limits, (path) => !path.includes("skip"))].map(([path, content]) => [
      path,
      new TextDecoder().decode(content),
    ]),
  );
const FORMATS = { tar, "tar.gz": tarGz, zip } as const;

describe.each(Object.entries(FORMATS))("%s", (format, make) => {
  test("wanted files are read by their path, the rest is left alone", () => {
    const bytes = make([
      { name: "a.txt", content: "one" },
      { name: "./d/b.txt", content: "x".repeat(600) },
      { name: "skip.bin", content: new Uint8Array(5000) },
      { name: "empty" },
    ]);
    expect(read(bytes)).toEqual({ "a.txt": "one", "d/b.txt": "x".repeat(600), empty: "" });
  });

  test.each(["../a", "/etc/passwd", "d/../../a", "..", "d\\..\\a"])("a file named %j is not read", (name) => {
    expect(read(make([{ name, content: "x" }]))).toEqual({});
  });

  test.each<[string, readonly MadeEntry[], string]>([
    ["too many entries", Array.from({ length: 9 }, (_, i) => ({ name: `skip${i}` })), "more than 8 entries"],
    ["a large file", [{ name: "a", content: new Uint8Array(64 * 1024 + 1) }], "bytes"],
    ["many files", ["a", "b"].map((name) => ({ name, content: new Uint8Array(60_000) })), "bytes"],
    ["a file that is in it twice", [{ name: "a" }, { name: "./a" }], "a file is in it twice"],
  ])("%s: refused", (_, entries, message) => {
    expect(() => read(make(entries))).toThrow(ArchiveError);
    expect(() => read(make(entries))).toThrow(message);
  });

  test("cut short anywhere, or with any byte changed, it ends in an error or in files within the bounds", () => {
    const bytes = make([
      { name: "a.txt", content: "one" },
      { name: "b.txt", content: "two" },
    ]);
    const attempt = (changed: Uint8Array) => {
      try {
        for (const content of Object.values(read(changed))) expect(content.length).toBeLessThanOrEqual(64 * 1024);
      } catch (error) {
        expect(error).toBeInstanceOf(ArchiveError);
      }
    };
    for (let end = 0; end < bytes.length; end += format === "zip" ? 1 : 7) attempt(bytes.slice(0, end));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        attempt(changed);
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 300) },
    );
  });
});

describe("a hostile archive", () => {
  test("of zip that stands for much more is refused before it is unpacked whole", () => {
    const bomb = zip([{ name: "a", content: new Uint8Array(50 * 2 ** 20) }]);
    expect(bomb.length).toBeLessThan(60_000);
    expect(() => read(bomb)).toThrow("bytes");
    expect(() => read(zip([{ name: "a", content: new Uint8Array(5000), bytes: 10 }]))).toThrow("bytes");
  });

  test("of gzip likewise", () => {
    expect(() => read(tarGz([{ name: "skip", content: new Uint8Array(50 * 2 ** 20) }]))).toThrow("100000 bytes");
  });

  test.each(["1", "2", "3", "5", "6", "L", "x"])(
    "links, devices and long names of tar (type %s) are not read",
    (type) => {
      expect(read(tar([{ name: "a", content: "b", type }]))).toEqual({});
    },
  );

  test.each([0o120777, 0o040755, 0o020666])("links, folders and devices of zip (mode %i) are not read", (unixMode) => {
    expect(read(zip([{ name: "a", content: "/etc/passwd", unixMode }]))).toEqual({});
  });

  test.each<[string, Uint8Array, string]>([
    ["encrypted", zip([{ name: "a", content: "x", flags: 1 }]), "it is encrypted: export it without a password"],
    ["of an unknown method", zip([{ name: "a", content: "x", method: 12 }]), "its compression is not known"],
    ["with a wrong length", zip([{ name: "a", content: "x", isStored: true, bytes: 2 }]), "damaged"],
    ["of no known kind", new TextEncoder().encode("[dns]\n".repeat(200)), "neither a zip nor a tar file"],
    ["that is empty", new Uint8Array(), "neither a zip nor a tar file"],
    ["whose tar file claims more than there is", tar([{ name: "a", content: "x", bytes: 4096 }]), "ends within a file"],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
  });
});
