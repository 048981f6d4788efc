import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { hasBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";

/** What of the tables lies outside of the panel it is in, or outside of the screen. */
const OUTSIDE = `[...document.querySelectorAll("td, th, th button, td button")]
  .filter((each) => each.getBoundingClientRect().width > 1 && each.closest(".unseen") === null)
  .filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    const panel = each.closest(".panel").getBoundingClientRect();
    return right > Math.min(panel.right, innerWidth) + 0.5 || left < panel.left - 0.5;
  })
  .map((each) => each.textContent)`;

describe.if(hasBrowser())("tables on a phone", () => {
  const stand = stage();
  const PHONE = { width: 390, height: 844 };

  test.each(["#/now", "#/connections", "#/runs", "#/runs/11", "#/runs/12/11"])(
    "show every column without scrolling sideways: %s",
    async (view) => {
      const page = await stand.open(view, PHONE);
      await page.locator("tbody tr").first().waitFor();
      expect(await page.evaluate(OUTSIDE)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "name each value of a connection, and can be sorted",
    async () => {
      const page = await stand.open("about:blank", PHONE);
      stand.instance.connections = stand.instance.connections.slice(0, 70).map((each) => ({ ...each, tls: "TLSv1.3" }));
      await page.goto(`${stand.instance.url}#/connections`);
      await sees(page, ".count", /1–15 of 70/);
      expect(await named(page)).toEqual([
        "Id",
        "Worker",
        "Age",
        "Idle",
        "Read",
        "Written",
        "Write queue",
        "RTT",
        "TLS",
      ]);
      await page.getByRole("button", { name: "Written" }).click();
      await page.locator('[aria-sort="descending"]').waitFor();
      await page
        .getByRole("button", { name: /^close the connection of/ })
        .first()
        .click();
      await page.getByRole("dialog", { name: "Close this connection?" }).waitFor();
    },
    TIMEOUT_MS,
  );

  test(
    "name each value of a run",
    async () => {
      const page = await stand.open("#/runs", PHONE);
      await sees(page, ".data tbody", /127\.0\.0\.1:9091/);
      expect(await named(page)).toEqual(["Connections", "Sent", "p99", "Duration"]);
    },
    TIMEOUT_MS,
  );

  /** What the values of the first row that are seen are called. */
  function named(page: Page): Promise<string[]> {
    return page.evaluate(
      `[...document.querySelectorAll(".data tbody tr:first-child td[data-name]")]
        .filter((each) => each.getBoundingClientRect().width > 0 && getComputedStyle(each, "::before").content !== "none")
        .map((each) => each.dataset.name)`,
    );
  }
});
