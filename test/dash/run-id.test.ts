import { describe, expect, test } from "bun:test";
import { hasBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";

describe.if(hasBrowser())("a run's id", () => {
  const stand = stage();

  test(
    "is in the list, is copied by a click, and makes a command with a second one",
    async () => {
      const page = await stand.open("#/runs");
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("button", { name: "12: copy the run's id" }).click();
      await sees(page, ".data tbody .copied", /12copied/);
      expect(await page.evaluate("navigator.clipboard.readText()")).toBe("12");
      for (const id of ["12", "11"]) await page.getByRole("checkbox", { name: `compare run ${id} of` }).check();
      await page.getByRole("button", { name: "tenk runs compare 12 11: copy the command" }).click();
      expect(await page.evaluate("navigator.clipboard.readText()")).toBe("tenk runs compare 12 11");
      await page.getByRole("link", { name: "Compare both" }).click();
      await sees(page, ".compared", /A.*run 12.*✓ passed.*B.*run 11.*✗ failed/);
      expect(page.url()).toEndWith("#/runs/12/11");
      await page.getByRole("link", { name: "run 11" }).click();
      await sees(page, ".head", /run 11.*✗ failed/);
    },
    TIMEOUT_MS,
  );

  test(
    "is selected where the page has no clipboard, so that Ctrl+C copies it",
    async () => {
      const page = await stand.open("#/runs", { before: "delete Navigator.prototype.clipboard" });
      await page.getByRole("button", { name: "12: copy the run's id" }).click();
      expect(await page.evaluate("getSelection().toString()")).toBe("12");
    },
    TIMEOUT_MS,
  );
});
