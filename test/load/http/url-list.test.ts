import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TenkError } from "../../../src/base/mod.ts";
import { parseUrlList, planHttp } from "../../../src/load/mod.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("a list of URLs", () => {
  test("has one a line, perhaps with a weight and a method", () => {
    const text =
      "# shop\nhttp://a.example/\r\n\n  POST http://a.example/b \n7 http://a.example/c\n0.5\tDELETE http://a.example/d";
    expect(parseUrlList(bytesOf(text), "urls")).toEqual([
      { url: "http://a.example/" },
      { url: "http://a.example/b", method: "POST" },
      { url: "http://a.example/c", weight: 7 },
      { url: "http://a.example/d", method: "DELETE", weight: 0.5 },
    ]);
  });

  test.each([
    ["\n\n# nothing\n", "Cannot read urls: it has no URL"],
    ["http://a.example/\nftp://a.example/", 'Cannot read urls:2: "ftp://a.example/" is no URL'],
    ["0 http://a.example/", "Cannot read urls:1"],
    ["G(T http://a.example/", "Cannot read urls:1"],
    ["/a", "Cannot read urls:1"],
  ])("%j is refused", (text, why) => {
    expect(() => parseUrlList(bytesOf(text), "urls")).toThrow(why);
  });

  test.each([
    [["http://a.example/", "https://a.example/"], "https://a.example/ is not at http://a.example"],
    [["http://a.example/", "http://b.example/?secret"], "http://b.example/?… is not at http://a.example"],
    [["http://a.example/", "http://a.example:81/"], "http://a.example:81/ is not at http://a.example"],
  ])("%j have several origins, and are refused", (urls, why) => {
    expect(() => planHttp({ url: urls[0]!, urls: urls.map((url) => ({ url })) })).toThrow(why);
  });

  test("any bytes are read, or refused with a reason", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("http://a.example/", "3 GET http://a.example/\\{re [", "#", "\r"),
    );
    const text = fc.array(line, { maxLength: 6 }).map((lines) => bytesOf(lines.join("\n")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), text), (bytes) => {
        try {
          const urls = parseUrlList(bytes, "urls");
          planHttp({ url: urls[0]!.url, urls });
        } catch (error) {
          expect(error).toBeInstanceOf(TenkError);
        }
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 100) },
    );
  });
});
