import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { filePathOf } from "../../../src/proxy/files/file-path.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 2000);
const encode = (text: string) => new TextEncoder().encode(text);
const of = (target: string) => {
  const bytes = encode(target);
  return filePathOf(bytes, 0, bytes.length);
};

test.each([
  ["/", "/"],
  ["/a/b.html?c=/../d", "/a/b.html"],
  ["/a/", "/a/"],
  ["", ""],
  ["//a///b//", "/a/b/"],
  ["/caf%C3%A9%20menu.txt", "/café menu.txt"],
  ["/a%2eb", "/a.b"],
  ["/a..b/...c".replace("/...c", ""), "/a..b"],
  ["/.well-known/security.txt", "/.well-known/security.txt"],
  ["/%2ewell-known/x", "/.well-known/x"],
  ["/a:b@c+d,e", "/a:b@c+d,e"],
])("%s is the file %s", (target, path) => expect(of(target)).toEqual({ path }));

test.each([
  ["/..", "malformed"],
  ["/a/../b", "malformed"],
  ["/./a", "malformed"],
  ["/%2e%2e/a", "malformed"],
  ["/.%2E/a", "malformed"],
  ["/a%2fb", "malformed"],
  ["/a%2Fb", "malformed"],
  ["/a%5cb", "malformed"],
  ["/a\\..\\b", "malformed"],
  ["/a%00.html", "malformed"],
  ["/%", "malformed"],
  ["/%zz", "malformed"],
  ["/%c0%ae%c0%ae/a", "malformed"],
  ["/%ff", "malformed"],
  ["/.git/config", "hidden"],
  ["/a/.env", "hidden"],
  ["/%2eenv", "hidden"],
  ["/a/.well-known/x", "hidden"],
  ["/.well-known/.htaccess", "hidden"],
  ["/.well-knowns", "hidden"],
  ["/...", "hidden"],
])("%s is refused as %s", (target, refusal) => expect(of(target)).toEqual({ refusal } as never));

test("whatever is sent, a path stays below its folder and names nothing hidden", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "..",
      ".",
      "%2e",
      "%2F",
      "%5c",
      "\\",
      "%00",
      "%25",
      "%252e",
      ".git",
      ".well-known",
      "a",
      "%c3%a9",
      "?",
    ),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const bytes = encode(`/${pieces.join("")}`);
      const found = filePathOf(bytes, 0, bytes.length);
      if (!("path" in found)) return;
      // The judge is the system's own way of resolving paths.
      const resolved = join("/srv/www", found.path);
      expect(resolved === "/srv/www/" || resolved.startsWith("/srv/www/")).toBe(true);
      expect(resolved).toBe(`/srv/www${found.path}`);
      expect(found.path).not.toMatch(/\0|\\|\/\/|\/\.(?!well-known(\/|$))/);
      expect(found.path.slice(1)).not.toContain("/.");
    }),
    { numRuns: RUNS },
  );
});
