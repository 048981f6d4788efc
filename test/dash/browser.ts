import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { type FakeInstance, fakeInstance } from "./fake-instance.ts";

/** Chromium without its windows: it shows the same pages for less than half of the CPU time. */
const SHELL = "/usr/bin/chromium-headless-shell";
export const CHROMIUM = existsSync(SHELL) ? SHELL : "/usr/bin/chromium";
/** A browser on a small, busy machine takes its time. */
export const TIMEOUT_MS = 60_000;

export interface Viewing {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
  readonly hasReducedMotion?: boolean;
  /** Time zone of the reader, `Europe/Berlin`. @default {"UTC"} */
  readonly zone?: string;
  /** A script that runs in the page before its own. */
  readonly before?: string;
}

/** What a test of the page has: an instance of its own and pages that look at it. */
export interface Stage {
  readonly instance: FakeInstance;
  open(path: string, viewing?: Viewing): Promise<Page>;
  /** Words that a page may say on its console, because the test makes it. */
  readonly expected: RegExp[];
}

/** Whether there is a browser; where there is none, one test that says so, and that fails in CI. */
export function hasBrowser(): boolean {
  if (existsSync(CHROMIUM)) return true;
  test.skipIf(process.env.CI !== "true")("the page in a browser: needs Debian's chromium", () => {
    throw new Error(`This check needs ${CHROMIUM}, and must not be left out in CI`);
  });
  return false;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

/** One browser for all tests of a file; an instance and an empty profile for each. What any page complains of fails its test. */
export function stage(): Stage {
  let browser: Browser;
  let instance: FakeInstance | undefined;
  let complaints: string[] = [];
  const expected: RegExp[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  }, TIMEOUT_MS);
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    instance?.stop();
    instance = undefined;
    const unexpected = complaints.filter((words) => !expected.some((each) => each.test(words)));
    complaints = [];
    expected.length = 0;
    expect(unexpected).toEqual([]);
  });
  return {
    expected,
    get instance() {
      if (instance === undefined) throw new Error("open a page first, or await newInstance()");
      return instance;
    },
    async open(path, viewing = {}) {
      const { width = 1440, height = 900, scheme = "light", hasReducedMotion = false, zone = "UTC", before } = viewing;
      instance ??= await fakeInstance();
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        timezoneId: zone,
        reducedMotion: hasReducedMotion ? "reduce" : "no-preference",
      });
      const page = await context.newPage();
      page.on("console", (said) => {
        if (said.type() === "error" || said.type() === "warning") complaints.push(said.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("dialog", (dialog) => {
        complaints.push(`a dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(instance!.url) && !/^(?:data|file|about):/.test(url)) complaints.push(`asked for ${url}`);
      });
      if (before !== undefined) await page.addInitScript({ content: before });
      await page.goto(path.includes(":") ? path : `${instance.url}${path}`);
      return page;
    },
  };
}

/** What a view has when all of it is there. */
const WHOLE = {
  "#/services": [".tile .uptime", ".spark path[d]"],
  "#/services/git": [".changes tbody tr", ".plot canvas"],
  "#/now": [".workers tbody tr", ".listener canvas", ".own-grid canvas"],
  "#/connections": [".data td.act"],
  "#/runs": [".data td.pick"],
  "#/runs/11": [".report-grid", ".run-grid canvas"],
  "#/runs/12/11": [".compared", ".run-grid canvas"],
  "#/log": [".line"],
};
export const VIEWS = Object.keys(WHOLE) as readonly (keyof typeof WHOLE)[];

/** Goes to a view of the page that is open, and waits until all of it is there. */
export async function goTo(page: Page, view: keyof typeof WHOLE): Promise<void> {
  await page.goto(new URL(view, page.url()).href);
  for (const selector of WHOLE[view]) await page.locator(selector).first().waitFor();
}

/** The words of an element, once they are as wanted. */
export async function sees(page: Page, selector: string, wanted: RegExp): Promise<string> {
  const found = page.locator(selector).first();
  let words = "";
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    words = (await found.textContent({ timeout: 15_000 })) ?? "";
    if (wanted.test(words)) return words;
    await Bun.sleep(50);
  }
  throw new Error(`${selector} says ${JSON.stringify(words)}, expected ${wanted}`);
}

/** Waits for a condition in the page. As a function: a text would be evaluated again each time, which the page's policy forbids. */
export async function holds(page: Page, condition: string): Promise<void> {
  await page.waitForFunction(`() => ${condition}`);
}

/** A chart's drawing, by its title. */
export function plot(page: Page, title: string) {
  return page
    .locator("figure.chart", { has: page.getByRole("heading", { name: title, exact: true }) })
    .locator(".plot")
    .first();
}
