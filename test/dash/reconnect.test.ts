import { describe, expect, test } from "bun:test";
import { hasBrowser, holds, sees, stage, TIMEOUT_MS } from "./browser.ts";

describe.if(hasBrowser())("a page whose instance was away for a while", () => {
  const stand = stage();

  test.each([
    ["#/runs", /60\.4 s/],
    ["#/runs/12", /Every expectation held/],
    ["#/connections", /of 10 000/],
    ["#/log", /configuration read/],
  ])(
    "says so once, and shows the view when it is back: %s",
    async (view, wanted) => {
      stand.expected.push(/503|EventSource/);
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      stand.instance.mood = "gone";
      stand.instance.dropStreams();
      await sees(page, ".live", /reconnecting/);
      await page.goto(`${stand.instance.url}${view}`);
      await sees(page, ".problem", /The server answered with status 503/);
      await holds(page, "document.querySelectorAll('.problem').length === 1");
      stand.instance.mood = "well";
      await sees(page, "main", wanted);
      await page.locator(".problem").waitFor({ state: "detached" });
    },
    TIMEOUT_MS,
  );

  test(
    "does not count the time that the laptop slept",
    async () => {
      const page = await stand.open("about:blank");
      await page.clock.install();
      await page.goto(`${stand.instance.url}#/now`);
      await sees(page, ".live", /live/);
      await page.evaluate(`
        globalThis.states = [];
        new MutationObserver(() => states.push(document.querySelector(".live").className)).observe(
          document.querySelector(".live"), { attributes: true });`);
      await page.clock.fastForward(120_000);
      const states = () => page.evaluate<string[]>("states");
      while ((await states()).at(-1) !== "live live") await Bun.sleep(50);
      expect(await states()).toEqual(["live reconnecting", "live live"]);
    },
    TIMEOUT_MS,
  );

  test(
    "follows an instance whose clock is set back and forward",
    async () => {
      const page = await stand.open("#/now");
      const shown = async () => clockSeconds(await sees(page, ".moment", /^now /));
      const moves = async () => {
        const legend = () => page.locator(".legend").first().textContent();
        const before = await legend();
        while ((await legend()) === before) await Bun.sleep(50);
      };
      await moves();
      const before = await shown();
      for (const behindSeconds of [600, 0]) {
        const asked = stand.instance.asked.length;
        stand.instance.behindSeconds = behindSeconds;
        // Around midnight too.
        while (Math.abs(((before - (await shown()) + 86_400 + 43_200) % 86_400) - 43_200 - behindSeconds) > 300)
          await Bun.sleep(50);
        await moves();
        const asks = () => stand.instance.asked.slice(asked).filter((words) => words.includes("/api/series"));
        while (asks().length === 0) await Bun.sleep(50);
        const to = Number(/to=(\d+)/.exec(asks()[0]!)![1]);
        expect(Math.abs(Date.now() - behindSeconds * 1000 - to)).toBeLessThan(300_000);
      }
    },
    TIMEOUT_MS,
  );
});

/** `now 10:11:12`, of a day. */
function clockSeconds(words: string): number {
  const [hours, minutes, seconds] = words.replace("now ", "").split(":").map(Number);
  return hours! * 3600 + minutes! * 60 + seconds!;
}
