import { describe, expect, test } from "bun:test";
import { hasBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";

describe.if(hasBrowser())("logging out", () => {
  const stand = stage();

  test(
    "is offered with a session, and ends it",
    async () => {
      const page = await stand.open("#/runs");
      await sees(page, ".live", /live/);
      const button = page.getByRole("button", { name: "Log out" });
      while (!stand.instance.asked.includes("GET /logout")) await Bun.sleep(20);
      expect(await button.count()).toBe(0);
      stand.instance.hasSession = true;
      await page.reload();
      await button.click();
      await page.waitForURL(stand.instance.url);
      await sees(page, ".live", /live/);
      expect(stand.instance.asked).toContain("POST /logout");
      expect(await button.count()).toBe(0);
    },
    TIMEOUT_MS,
  );
});
