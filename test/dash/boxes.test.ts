import { describe, expect, test } from "bun:test";
import type { BoxView } from "../../src/dash/mod.ts";
import { hasBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";

const host = { busy: 0.04, memoryUsedBytes: 1e9, memoryTotalBytes: 4e9, rootUsedPercent: 42, temperatureCelsius: 48.2 };
const since = () => Date.now() - 7_200_000;
const box = (name: string, more: Partial<BoxView>): BoxView => ({
  ...{ box: name, url: `https://${name}.home.arpa/`, state: "up", sinceMs: since(), reason: null },
  ...{ answeredMs: since(), host, services: [] },
  ...more,
});
const service = (name: string, state = "up") => ({ service: name, state, reason: null });

describe.if(hasBrowser())("other boxes", () => {
  const stand = stage();

  test(
    "have a tile each: vitals, services that are not well, and why one is unknown",
    async () => {
      const page = await stand.open("");
      expect(await page.getByRole("heading", { name: "Other boxes" }).count()).toBe(0);
      stand.instance.boxes = [
        box("nas", { services: [service("films"), service("<b>x</b>", "down"), service("books", "degraded")] }),
        box("attic", { state: "unknown", reason: "connect ECONNREFUSED", services: [service("cam", "unknown")] }),
      ];
      const tiles = page.getByRole("region", { name: "Other boxes" });
      await sees(
        page,
        ".tile:has-text('nas')",
        /^nas✓ up2 hprocessor 4 % · memory 25 % · disk 42 % · 48\.2 °C1 of 3 services up: <b>x<\/b> is down, books is degraded$/,
      );
      await sees(
        page,
        ".tile:has-text('attic')",
        /^attic\? unknown2 hconnect ECONNREFUSEDIt last answered at .*0 of 1 services up$/,
      );
      expect(await tiles.getByRole("link", { name: "nas" }).getAttribute("href")).toBe("https://nas.home.arpa/");
    },
    TIMEOUT_MS,
  );
});
