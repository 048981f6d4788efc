import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import jsQR from "jsqr";
import { LocalCa, qrCodeSvg, respondForCa } from "../../src/certificates/mod.ts";
import { hasBrowser, launchBrowser } from "../dash/browser.ts";
import { keptLog, newFolder, testWith } from "./support.ts";

const URL = "http://box.home.arpa/ca";
const ca = await new LocalCa({
  folder: undefined,
  hostname: "nas",
  domains: ["nas.home"],
  log: keptLog().log,
}).certificates();
const PATHS = ["", "/root.crt", "/root.cer", "/intermediate.cer", "/tenk.mobileconfig", "/qr.svg"];
const bytesOf = (path: string) => Buffer.from(respondForCa(path, ca, URL)!.body as string);

/** Draws the SVG's modules, eight pixels each, and reads them as a phone would. */
function readQr(svg: string): string | undefined {
  const side = Number(/viewBox="0 0 (\d+) /.exec(svg)![1]) * 8;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x, y, width] of svg.split('<path d="')[1]!.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * 8; row < Number(y) * 8 + 8; row++) {
      const start = (row * side + Number(x) * 8) * 4;
      for (let at = start; at < start + Number(width) * 32; at++) if (at % 4 !== 3) pixels[at] = 0;
    }
  }
  return jsQR(pixels, side, side)?.data;
}

describe("the page of the local CA", () => {
  test("has every file it links to, and nothing else", () => {
    const html = bytesOf("").toString();
    const links = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link!);
    expect([...new Set(links)].sort()).toEqual(
      PATHS.slice(1)
        .map((path) => `/ca${path}`)
        .sort(),
    );
    for (const path of ["/root-with-key.pem", "/../ca", "/root.crt/", "x"])
      expect(respondForCa(path, ca, URL)).toBeUndefined();
    expect(html).not.toMatch(/\{\w+\}|undefined|<script/);
  });

  test("shows name, fingerprint and domains, and its address for another device", () => {
    const html = bytesOf("").toString();
    expect(html).toContain(ca.fingerprint);
    for (const text of [ca.commonName, "<code>nas.home</code>", `<code>${URL}</code>`, "2036-"])
      expect(html).toContain(text);
  });

  test("has a guide for each phone and desktop", () => {
    const devices = [
      ...bytesOf("")
        .toString()
        .matchAll(/<summary>(.*?)<\/summary>/g),
    ].map(([, device]) => device);
    expect(devices).toEqual(["iPhone and iPad", "Android", "Windows", "macOS", "Linux", "Firefox on a computer"]);
  });

  test("escapes an address that a client made up", () => {
    const html = Buffer.from(respondForCa("", ca, 'http://a/"><script>x</script>/ca')!.body as string).toString();
    expect(html).not.toContain("<script");
  });

  test("and its files have no key in them", () => {
    for (const path of PATHS) {
      const { body, headers, status } = respondForCa(path, ca, URL)!;
      expect(Buffer.from(body as string).toString("latin1")).not.toContain("PRIVATE");
      expect([status, headers["x-content-type-options"]]).toEqual([200, "nosniff"]);
    }
  });

  test("offers the root as PEM and as DER", () => {
    expect(new X509Certificate(bytesOf("/root.crt")).fingerprint256).toBe(ca.fingerprint);
    expect(bytesOf("/root.cer")).toEqual(new X509Certificate(ca.root).raw);
    expect(bytesOf("/intermediate.cer")).toEqual(new X509Certificate(ca.intermediate).raw);
    expect(respondForCa("/root.cer", ca, URL)!.headers["content-type"]).toBe("application/x-x509-ca-cert");
  });

  testWith("python3", "offers Apple's profile with root and intermediate, as Python's plistlib reads it", async () => {
    const file = join(newFolder(), "tenk.mobileconfig");
    writeFileSync(file, bytesOf("/tenk.mobileconfig"));
    const program = `import base64, json, plistlib, sys
print(json.dumps(plistlib.load(open(sys.argv[1], "rb")), default=lambda data: base64.b64encode(data).decode()))`;
    const { stdout } = spawnSync("python3", ["-c", program, file], { encoding: "utf8" });
    const profile = JSON.parse(stdout);
    expect([profile.PayloadType, profile.PayloadVersion, profile.PayloadDisplayName]).toEqual([
      "Configuration",
      1,
      ca.commonName,
    ]);
    const inside = (profile.PayloadContent as Record<string, string>[]).map((each) => [
      each.PayloadType,
      each.PayloadContent,
    ]);
    expect(inside).toEqual([
      ["com.apple.security.root", new X509Certificate(ca.root).raw.toString("base64")],
      ["com.apple.security.pkcs1", new X509Certificate(ca.intermediate).raw.toString("base64")],
    ]);
    const ids = [profile, ...profile.PayloadContent].map(({ PayloadUUID }) => PayloadUUID);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
    expect(bytesOf("/tenk.mobileconfig")).toEqual(bytesOf("/tenk.mobileconfig"));
  });
});

describe("a QR code", () => {
  test("is read back as its text by another program", () => {
    expect(readQr(bytesOf("/qr.svg").toString())).toBe(URL);
    const text = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(text, (each) => expect(readQr(qrCodeSvg(each))).toBe(each)),
      { numRuns: 20 },
    );
  });

  test("of a text that is too long is refused", () => {
    expect(() => qrCodeSvg("x".repeat(501))).toThrow(RangeError);
  });
});

if (hasBrowser())
  test("the page fits a phone, in a browser that obeys its security policy", async () => {
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const { pathname, href } = new globalThis.URL(request.url);
        const found = respondForCa(pathname.replace(/^\/ca/, ""), ca, new globalThis.URL("/ca", href).href);
        return found
          ? new Response(found.body as string, found)
          : new Response(null, { status: pathname === "/favicon.ico" ? 204 : 404 });
      },
    });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      await page.goto(`${server.url}ca`);
      for (const summary of await page.locator("summary").all()) await summary.click();
      const shown = await page.evaluate<{ width: number; codeWidth: number }>(
        "({ width: document.documentElement.scrollWidth, codeWidth: document.querySelector('img').naturalWidth })",
      );
      expect(shown.width).toBeLessThanOrEqual(360);
      expect(shown.codeWidth).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
      if (process.env.TENK_SHOTS)
        await page.screenshot({ path: join(process.env.TENK_SHOTS, "ca.png"), fullPage: true });
    } finally {
      await browser.close();
    }
  }, 60_000);
