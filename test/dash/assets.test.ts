import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { packedPage, pageAssets, reportHtml } from "../../src/dash/mod.ts";
import { fakeReport, fakeRun } from "./fake-data.ts";

const MOST_BYTES = 120 * 1024;
/** Of one word on a command line, which is how the page gets into the executable. */
const WORD_BYTES = 128 * 1024;

describe("the page", () => {
  test("is at most 120 KiB compressed", async () => {
    const assets = await pageAssets();
    const sizes = [...assets.values()].map(({ gzip }) => gzip.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(MOST_BYTES);
    for (const { bytes, gzip } of assets.values()) expect(gunzipSync(gzip).equals(bytes)).toBe(true);
  });

  test("refers only to its own files, and has no inline script, style or handler", async () => {
    const assets = await pageAssets();
    const html = Buffer.from(assets.get("/")!.bytes).toString();
    const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(named).toHaveLength(6);
    // Relative to the page: a proxy may serve it below a path.
    for (const path of named) expect(assets.has(`/${path}`) || path === "metrics" || path === "api/status").toBe(true);
    expect(html).not.toMatch(/<style|<script(?! src=)|\son\w+=|style=/);
    expect(assets.get("/")!.isForever).toBe(false);
  });

  test("names no other host in script and style", async () => {
    for (const { bytes } of (await pageAssets()).values()) {
      const hosts =
        Buffer.from(bytes)
          .toString()
          .match(/(?:https?:)?\/\/[a-z][\w.-]*\.[a-z]{2,}/g) ?? [];
      // Names of XML's kinds of elements, which nobody asks for.
      expect(hosts.filter((host) => host !== "http://www.w3.org")).toEqual([]);
    }
  });

  test("fits into the constants of the compiler", async () => {
    for (const text of Object.values(await packedPage())) expect(text.length).toBeLessThan(WORD_BYTES - 1024);
  });
});

describe("a report as one file", () => {
  const { series, startedAt } = fakeRun("1", Date.UTC(2026, 0, 2), 1, true);

  test("is self-contained, with a policy that allows only that", async () => {
    const html = await reportHtml(fakeReport(1, true), series, { startedAt });
    expect(html.length).toBeLessThan(400_000);
    expect(html).not.toMatch(/\s(?:src|href)="(?!data:)/);
    expect(html).toMatch(/default-src 'none'; script-src 'sha256-[\w+/]+='; style-src 'sha256-[\w+/]+='/);
  });

  test.each(["</script><img src=x onerror=alert(1)>", "<!--<script>", '"><svg onload=alert(1)>'])(
    "keeps %s as text",
    async (target) => {
      const html = await reportHtml({ ...fakeReport(1, true), target }, series, { startedAt });
      expect(html).not.toContain(target);
      const data = /id="data">(.*?)<\/script>/s.exec(html)![1]!;
      expect(data).not.toContain("<");
      expect(JSON.parse(data).report.target).toBe(target);
    },
  );
});
