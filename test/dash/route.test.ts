import { describe, expect, test } from "bun:test";
import { hashOf, lookOf, wordsOf, zoomWord } from "../../src/dash/page/route.ts";
import { hasBrowser, holds, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";

const MAIN = "Connections and reads of all listeners";

describe("an address", () => {
  test.each([
    ["#/runs/12/14", ["runs", "12", "14"]],
    ["#/connections/a%2Fb%20c", ["connections", "a/b c"]],
    ["#/%E0%A4%A", ["%E0%A4%A"]],
    ["", []],
  ])("%p has the words %p", (hash, words) => expect(wordsOf(hash)).toEqual(words));

  test("is written from the words that it is read into", () => {
    const words = ["connections", "a/b #?%ü"];
    expect(wordsOf(hashOf(words))).toEqual(words);
  });

  test.each([
    ["1h", 3_600_000],
    ["90d", 7_776_000_000],
    ["1763924580-1763924640", 60_000],
    ["1763924580-1763924580", undefined],
    ["1763924640-1763924580", undefined],
    ["0-99999999999", undefined],
    ["constructor", undefined],
    [undefined, undefined],
  ])("%p looks at so many milliseconds: %p", (word, spanMs) => {
    const { range, zoom } = lookOf(word);
    expect(range?.spanMs ?? (zoom && zoom.toMs - zoom.fromMs)).toBe(spanMs);
  });

  test("has the zoom in whole seconds", () => {
    expect(zoomWord({ fromMs: 1999, toMs: 3001 })).toBe("1-4");
  });
});

describe.if(hasBrowser())("the address of the page", () => {
  const stand = stage();

  test(
    "is followed from the first paint on",
    async () => {
      // As soon as the page stands, and before anything else has its turn.
      const before = `new MutationObserver((_, observer) => {
        if (document.querySelector("nav [aria-current=page]") === null) return;
        observer.disconnect();
        location.hash = "#/log";
      }).observe(document, { childList: true, subtree: true });`;
      const page = await stand.open("#/runs", { before });
      await sees(page, "nav [aria-current=page]", /^Log$/);
    },
    TIMEOUT_MS,
  );

  test(
    "has range and zoom, and the back button restores the former ones",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      await page.getByRole("button", { name: "the last 1 hour" }).click();
      await sees(page, '.segments [aria-pressed="true"]', /^1h$/);
      expect(page.url()).toEndWith("#/now/1h");
      await plot(page, MAIN).focus();
      await page.keyboard.press("+");
      await sees(page, ".zoomed", /zoomed to \d+ \w+ \d\d:\d\d ?–/);
      expect(page.url()).toMatch(/#\/now\/\d{10}-\d{10}$/);
      const zoomed = page.url();
      await page.goBack();
      await page.locator(".zoomed").waitFor({ state: "detached" });
      await page.goForward();
      await sees(page, ".zoomed", /zoomed to \d+ \w+ \d\d:\d\d ?–/);
      await page.getByRole("button", { name: /zoomed to/ }).click();
      await page.locator(".zoomed").waitFor({ state: "detached" });
      expect(page.url()).toEndWith("#/now/1h");
      const other = await stand.open(zoomed);
      await sees(other, ".zoomed", /zoomed to \d+ \w+ \d\d:\d\d ?–/);
      await sees(other, ".legend", /connections(mean )?\d/);
    },
    TIMEOUT_MS,
  );

  test(
    "has the listener of the connections",
    async () => {
      const page = await stand.open("#/connections");
      await sees(page, ".count", /of 10 000/);
      await page.getByLabel("Listener").selectOption("echo");
      await page.waitForURL(/#\/connections\/echo$/);
      await page.reload();
      await sees(page, ".count", /of 10 000/);
      expect(await page.getByLabel("Listener").inputValue()).toBe("echo");
      expect(stand.instance.asked.findLast((each) => each.includes("/api/tcp/connections"))).toContain("listener=echo");
    },
    TIMEOUT_MS,
  );

  test(
    "leads to the top of another view, and back to the former position",
    async () => {
      const page = await stand.open("#/now", { height: 500 });
      await sees(page, ".live", /live/);
      const depth = () => page.evaluate<number>("Math.round(scrollY)");
      await page.evaluate("scrollTo(0, 700)");
      await page.getByRole("link", { name: "Connections" }).click();
      await sees(page, ".count", /of 10 000/);
      expect(await depth()).toBe(0);
      expect(await page.title()).toBe("Connections · tenk");
      await page.evaluate("scrollTo(0, 300)");
      for (const [view, there] of [
        ["Now", 700],
        ["Connections", 300],
        ["Now", 700],
      ] as const) {
        await (view === "Now" ? page.goBack() : page.goForward());
        // The title changes after the view, and what was asked for comes later.
        await holds(page, `document.title === "${view} · tenk"`);
        await holds(page, `Math.round(scrollY) === ${there}`);
      }
      await page.reload();
      await holds(page, "Math.round(scrollY) === 700");
      await page.goto(`${stand.instance.url}#/runs/12/11`);
      await sees(page, ".compared", /run 12/);
      expect(await page.title()).toBe("Runs 12, 11 · tenk");
    },
    TIMEOUT_MS,
  );

  test(
    "shows a day on which clocks go back in the reader's time zone",
    async () => {
      const [from, to] = [Date.UTC(2025, 9, 25, 22), Date.UTC(2025, 9, 26, 23)];
      const page = await stand.open(`#/now/${from / 1000}-${to / 1000}`, {
        zone: "Europe/Berlin",
        before: `
          globalThis.written = new Set();
          const { fillText } = CanvasRenderingContext2D.prototype;
          CanvasRenderingContext2D.prototype.fillText = function (text, ...words) {
            written.add(text);
            fillText.call(this, text, ...words);
          };`,
      });
      await sees(page, ".zoomed", /zoomed to 26 Oct 2025 00:00 – 27 Oct 2025 00:00/);
      await holds(page, "written.has('18:00')");
      const times = (await page.evaluate<string[]>("[...written].filter((text) => /^\\d\\d:/.test(text))")).sort();
      // 00:00 is two hours ahead of UTC, 03:00 one: at each step of the axis the clock shows a round hour.
      for (const time of times) expect(time).toMatch(/^(00|03|06|09|12|15|18|21):00$|^(02|04|08|10|14|16|20|22):00$/);
      expect(times).toContain("06:00");
      await plot(page, MAIN).focus();
      await page.keyboard.press("Home");
      expect(await plot(page, MAIN).getAttribute("aria-valuetext")).toStartWith("26 Oct 2025 00:00:00: ");
      await page.keyboard.press("End");
      expect(await plot(page, MAIN).getAttribute("aria-valuetext")).toStartWith("27 Oct 2025 00:00:00: ");
    },
    TIMEOUT_MS,
  );
});
