import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { hasBrowser, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";

const MAIN = "Connections and reads of all listeners";

/** Makes the page hidden where `hide` is set, and counts the drawings of its charts. */
const COUNTS_DRAWINGS = `
  globalThis.hide = false;
  globalThis.drawn = 0;
  Object.defineProperty(document, "hidden", { get: () => hide });
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...words) {
    drawn += 1;
    clearRect.apply(this, words);
  };`;

describe.if(hasBrowser())("the view of now", () => {
  const stand = stage();

  test(
    "shows the machine, each listener and the user's metrics, live",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      for (const title of [
        MAIN,
        "CPU by mode",
        "Memory of the machine and of tenk",
        "chat_messages_total",
        "chat_rooms",
      ]) {
        await plot(page, title).locator("canvas").waitFor();
      }
      await sees(page, ".legend", /connections10 400reads1\d\d(\.\d)?k\/sframes3\d(\.\d)?k\/s/);
      await sees(page, "[aria-label='Listener echo'] .legend", /reads\d.*frames\d/);
      expect(await sees(page, "[aria-label='Listener sink'] .legend", /reads\d/)).not.toContain("frames");
      expect(await page.locator(".quick .stat dt").allTextContents()).toEqual([
        "CPU",
        "Load average",
        "RAM",
        "Swap",
        "Root disk",
        "Temperature",
        "Machine uptime",
        "tenk uptime",
      ]);
      expect(await page.locator(".listener h3").allTextContents()).toEqual(["sink", "echo"]);
      expect(await page.locator(".workers").count()).toBe(1);
      expect(await page.locator(".workers thead th").allTextContents()).toEqual([
        "Worker",
        "Connections",
        "Reads",
        "Read",
        "Written",
        "Write queues",
        "Heap used",
      ]);
      for (const worker of ["0", "1"]) {
        const row = `.workers tbody tr:nth-child(${Number(worker) + 1})`;
        await sees(page, row, new RegExp(`^${worker}5 0\\d\\d(4\\d|5\\d)(\\.\\d)?k/s`));
      }
      await sees(page, ".reasons", /Rejected 48.*address.*41.*Closed by 241/);
      await sees(page, ".own-metrics", /Messages that rooms passed on\..*room lobby/);
      await moves(page);
    },
    TIMEOUT_MS,
  );

  test(
    "says how to create a metric where there is none",
    async () => {
      // It is not left to the next question of its timers.
      const page = await stand.open("about:blank", { before: "globalThis.setInterval = () => 0;" });
      await page.route("**/api/names", async (route) => {
        const { series } = await (await route.fetch()).json();
        await route.fulfill({
          json: { series: series.filter(({ name }: { name: string }) => /^(tenk|node|process)_/.test(name)) },
        });
      });
      await page.goto(`${stand.instance.url}#/now`);
      await sees(page, "main > .note", /Metrics that your handler creates/);
    },
    TIMEOUT_MS,
  );

  test(
    "shows the values of all charts at the moment under the pointer",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      await plot(page, MAIN).hover({ position: { x: 500, y: 100 } });
      await sees(page, ".moment.read", /at \d/);
      // Read together, since the chart moves on below the pointer each second; once all of them are drawn.
      const drawn = await page.waitForFunction(`(() => {
        const at = document.querySelector(".moment.read")?.textContent.match(/at (\\d.*)/)?.[1];
        const read = [...document.querySelectorAll(".plot")].map((each) => each.getAttribute("aria-valuetext"));
        return at !== undefined && read.every((words) => words?.startsWith(at + ": ")) && read;
      })()`);
      expect(((await drawn.jsonValue()) as string[]).length).toBeGreaterThan(10);
      await page.mouse.move(5, 5);
      await page.locator(".moment.read").waitFor({ state: "detached" });
    },
    TIMEOUT_MS,
  );

  test(
    "zooms all charts by a drag, and back by a double click",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      const box = (await plot(page, MAIN).boundingBox())!;
      await page.mouse.move(box.x + 400, box.y + 80);
      await page.mouse.down();
      await page.mouse.move(box.x + 520, box.y + 90, { steps: 5 });
      await page.mouse.up();
      await sees(page, ".zoomed", /zoomed to \d+ \w+ \d\d:\d\d:\d\d ?–/);
      const asked = stand.instance.asked.findLast((each) => each.includes("/api/series"))!;
      const words = new URLSearchParams(asked.slice(asked.indexOf("?")));
      const spanMs = Number(words.get("to")) - Number(words.get("from"));
      expect(spanMs).toBeGreaterThan(20_000);
      expect(spanMs).toBeLessThan(60_000);
      await plot(page, "Memory of the machine and of tenk").dblclick({ position: { x: 200, y: 80 } });
      await page.locator(".zoomed").waitFor({ state: "detached" });
    },
    TIMEOUT_MS,
  );

  test(
    "loads the chosen range in steps that a screen can show, and remembers it",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      for (const [name, step] of [
        ["24 hours", 120_000],
        ["90 days", 7_200_000],
        ["15 minutes", 1000],
      ] as const) {
        await page.getByRole("button", { name: `the last ${name}` }).click();
        await until(() => stand.instance.asked.some((each) => each.includes(`step=${step}`)));
      }
      await page.reload();
      await sees(page, ".live", /live/);
      expect(await page.locator('.segments [aria-pressed="true"]').textContent()).toBe("15m");
    },
    TIMEOUT_MS,
  );

  test(
    "draws a gap as a gap",
    async () => {
      const page = await stand.open("about:blank");
      const now = Math.floor(Date.now() / 1000);
      stand.instance.gap = [now - 100, now - 50];
      await page.goto(`${stand.instance.url}#/now`);
      await sees(page, ".live", /live/);
      const box = (await plot(page, MAIN).locator(".u-over").boundingBox())!;
      await page.mouse.move(box.x + box.width * (1 - 75 / 300), box.y + 60);
      await sees(page, ".legend", /connections–reads–/);
      await page.mouse.move(box.x + box.width * (1 - 25 / 300), box.y + 60);
      await sees(page, ".legend", /connections\d.*reads\d/);
    },
    TIMEOUT_MS,
  );

  test(
    "fills the gap after an interruption with what the instance sends again",
    async () => {
      const page = await stand.open("about:blank");
      stand.instance.retryMs = 2200;
      await page.goto(`${stand.instance.url}#/now`);
      await sees(page, ".live", /live/);
      await moves(page);
      const ranges = rangesAsked();
      const before = stand.instance.second;
      stand.instance.dropStreams();
      await sees(page, ".live", /reconnecting/);
      await sees(page, ".live", /live/);
      expect(stand.instance.second).toBeGreaterThan(before + 1);
      await moves(page);
      expect(await lastValues(page, 8)).not.toContain("connections –");
      expect(rangesAsked()).toBe(ranges);
    },
    TIMEOUT_MS,
  );

  test(
    "loads the range again when the instance cannot send what was missed",
    async () => {
      stand.expected.push(/503|EventSource/);
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      stand.instance.mood = "gone";
      const before = stand.instance.second;
      stand.instance.dropStreams();
      await sees(page, ".live", /reconnecting/);
      await until(() => stand.instance.second > before + 2);
      const ranges = rangesAsked();
      stand.instance.mood = "well";
      await sees(page, ".live", /live/);
      await until(() => rangesAsked() > ranges);
      await moves(page);
      expect(await lastValues(page, 8)).not.toContain("connections –");
    },
    TIMEOUT_MS,
  );

  test(
    "draws nothing while hidden, and everything when visible again",
    async () => {
      const page = await stand.open("#/now", { before: COUNTS_DRAWINGS });
      await moves(page);
      await hide(page, true);
      const [atRest, before] = [await drawn(page), stand.instance.second];
      await until(() => stand.instance.second > before + 2);
      expect(await drawn(page)).toBe(atRest);
      await hide(page, false);
      await until(async () => (await drawn(page)) > atRest);
      expect(await lastValues(page, 4)).not.toContain("connections –");
    },
    TIMEOUT_MS,
  );

  test(
    "draws an answer that comes while hidden when visible again",
    async () => {
      const answer = Promise.withResolvers<void>();
      const page = await stand.open("about:blank", { before: COUNTS_DRAWINGS });
      let held = 0;
      await page.route("**/api/marks*", async (route) => {
        held += 1;
        await answer.promise;
        await route.fulfill({ json: { marks: [{ atMs: Date.now() - 60_000, kind: "start", text: "started" }] } });
      });
      await page.goto(`${stand.instance.url}#/now`);
      await moves(page);
      await until(() => held > 0);
      await hide(page, true);
      const atRest = await drawn(page);
      answer.resolve();
      await sees(page, ".marks", /started/);
      expect(await drawn(page)).toBe(atRest);
      await hide(page, false);
      await until(async () => (await drawn(page)) > atRest);
    },
    TIMEOUT_MS,
  );

  test(
    "draws each second only the charts that can be seen, and others when they are scrolled to",
    async () => {
      const page = await stand.open("#/now", {
        before: `globalThis.drawn = new Map(); const { clearRect } = CanvasRenderingContext2D.prototype;
          CanvasRenderingContext2D.prototype.clearRect = function (...words) { drawn.set(this.canvas, (drawn.get(this.canvas) ?? 0) + 1); clearRect.apply(this, words); };`,
      });
      await sees(page, ".live", /live/);
      await plot(page, "Open descriptors").locator("canvas").waitFor();
      const timesDrawn = (title: string) =>
        page.evaluate<number>(
          `drawn.get([...document.querySelectorAll("figure.chart")].find((each) => each.querySelector("h3, h4").textContent === ${JSON.stringify(title)}).querySelector("canvas")) ?? 0`,
        );
      // Whether it is seen is not known before the first look of the browser.
      const seconds = async (count: number) => {
        const from = await timesDrawn(MAIN);
        await until(async () => (await timesDrawn(MAIN)) >= from + count);
      };
      await seconds(2);
      const before = await timesDrawn("Open descriptors");
      await seconds(3);
      expect(await timesDrawn("Open descriptors")).toBe(before);
      await plot(page, "Open descriptors").scrollIntoViewIfNeeded();
      await until(async () => (await timesDrawn("Open descriptors")) > before);
    },
    TIMEOUT_MS,
  );

  function hide(page: Page, isHidden: boolean): Promise<unknown> {
    return page.evaluate(`hide = ${isHidden}; document.dispatchEvent(new Event("visibilitychange"));`);
  }

  function drawn(page: Page): Promise<number> {
    return page.evaluate<number>("drawn");
  }

  function rangesAsked(): number {
    return stand.instance.asked.filter((each) => each.includes("/api/series")).length;
  }

  /** Waits for numbers that the live stream brought. */
  async function moves(page: Page): Promise<void> {
    const words = () => page.locator(".legend").first().textContent();
    const before = await words();
    await until(async () => (await words()) !== before);
  }

  /** The connections at the last moments, as the arrow keys read them. */
  async function lastValues(page: Page, count: number): Promise<string[]> {
    const chart = plot(page, MAIN);
    await chart.focus();
    const found: string[] = [];
    for (let index = 0; index < count; index += 1) {
      await page.keyboard.press("ArrowLeft");
      const text = (await chart.getAttribute("aria-valuetext")) ?? "";
      found.push(/connections [^,]+/.exec(text)?.[0] ?? text);
    }
    return found;
  }

  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 15_000;
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`it did not come to be: ${isSo}`);
      await Bun.sleep(20);
    }
  }
});
