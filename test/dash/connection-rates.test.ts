import { describe, expect, test } from "bun:test";
import { RateMeter } from "../../src/dash/page/tcp/connections/rates.ts";
import { hasBrowser, holds, sees, stage, TIMEOUT_MS } from "./browser.ts";

const row = (id: number, bytesRead: number, bytesWritten = 0, worker = 0) => ({ id, worker, bytesRead, bytesWritten });

describe("the rates of connections", () => {
  test("come from the totals of two looks, by worker and id", () => {
    const meter = new RateMeter();
    expect(meter.add("a", [row(1, 100), row(1, 0, 0, 1)], 0).size).toBe(0);
    const rates = meter.add("a", [row(1, 300, 50), row(1, 10, 0, 1), row(2, 9)], 2000);
    expect(Object.fromEntries(rates)).toEqual({
      "0.1": { readPerSecond: 100, writtenPerSecond: 25 },
      "1.1": { readPerSecond: 5, writtenPerSecond: 0 },
    });
  });

  test("stay while looks come close together, as by sorting", () => {
    const meter = new RateMeter();
    meter.add("a", [row(1, 0)], 0);
    meter.add("a", [row(1, 200)], 2000);
    expect(meter.add("a", [row(1, 900)], 2100).get("0.1")?.readPerSecond).toBe(100);
    expect(meter.add("a", [row(1, 400)], 4000).get("0.1")?.readPerSecond).toBe(100);
  });

  test("are not those of another listener", () => {
    const meter = new RateMeter();
    meter.add("a", [row(1, 0)], 0);
    expect(meter.add("b", [row(1, 500)], 2000).size).toBe(0);
  });
});

describe.if(hasBrowser())("the table of connections", () => {
  const stand = stage();

  test(
    "shows rates below totals, Close where the pointer or the focus is, and on a phone 15 rows a page",
    async () => {
      const page = await stand.open("#/connections");
      await sees(page, ".connections tbody .rate", /^0 B\/s$/);
      stand.instance.connections = stand.instance.connections.map((each) => ({
        ...each,
        bytesRead: each.bytesRead + 1e6,
      }));
      await sees(page, ".connections tbody .rate", /^[\d.]+ [KM]iB\/s$/);
      const close = page.locator(".connections .act .button");
      const opacity = (at: number) =>
        page.evaluate<string>(
          `getComputedStyle(document.querySelectorAll(".connections .act .button")[${at}]).opacity`,
        );
      await page.mouse.move(5, 5);
      expect([await opacity(0), await opacity(1)]).toEqual(["0", "0"]);
      await page.locator(".connections tbody tr").nth(1).hover();
      expect([await opacity(0), await opacity(1)]).toEqual(["0", "1"]);
      await close.first().focus();
      expect(await opacity(0)).toBe("1");
      await page.setViewportSize({ width: 390, height: 844 });
      await sees(page, ".count", /^1–15 of/);
      await holds(page, "document.querySelectorAll('.connections tbody tr').length === 15");
      expect(await opacity(5)).toBe("1");
    },
    TIMEOUT_MS,
  );
});
