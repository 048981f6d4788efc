import { describe, expect, test } from "bun:test";
import type { SeriesName } from "../../src/dash/mod.ts";
import { goTo, hasBrowser, plot, sees, stage, TIMEOUT_MS, VIEWS } from "./browser.ts";

const IMAGE = "<img src=x onerror=alert(1)>";
const TURNED = "safe\u202egnp.exe";

describe.if(hasBrowser())("the page", () => {
  const stand = stage();

  test(
    "shows hostile text as text in every view, with its invisible characters",
    async () => {
      const page = await stand.open("about:blank");
      const { instance } = stand;
      const evil: SeriesName = {
        key: `evil_total{who="${IMAGE}"}`,
        name: "evil_total",
        labels: { who: IMAGE, other: TURNED },
        kind: "rate",
        unit: "",
        help: `help ${IMAGE} ${TURNED}`,
      };
      instance.extra = [evil];
      instance.log.push({
        t: Date.now(),
        level: "error",
        part: IMAGE,
        message: `said ${IMAGE} ${TURNED}`,
        fields: { [IMAGE]: IMAGE },
      });
      instance.connections = [{ ...instance.connections[0]!, remoteAddress: IMAGE, wireAddress: TURNED, tls: IMAGE }];
      const [service] = instance.services!;
      const reason = `${IMAGE}${TURNED}<script>alert(1)</script>`;
      instance.services = [
        { ...service!, state: "down", reason, version: reason, role: reason, group: reason, kind: reason },
        { ...service!, service: "other", state: "degraded", reason, address: reason, url: "javascript:alert(1)" },
      ];
      instance.undeclared = `services:\n  ${reason}\n`;
      const [run] = instance.runs;
      const check = { expect: IMAGE, got: TURNED, pass: false };
      const verdict = { pass: false, reason: IMAGE, checks: [check] };
      const connections = { ...run!.report.connections, byCause: { [IMAGE]: 3 } };
      instance.runs = [
        { ...run!, report: { ...run!.report, target: `${IMAGE}${TURNED}`, verdict, connections } },
        ...instance.runs.slice(1),
      ];
      for (const [view, selector] of [
        ["#/services", ".tiles"],
        ["#/services/git", "main"],
        ["#/services/other", "main"],
        ["#/now", ".own-metrics"],
        ["#/connections", ".data tbody"],
        ["#/runs", ".data tbody"],
        ["#/runs/12", "main"],
        ["#/runs/12/11", "main"],
        ["#/log", ".log"],
      ] as const) {
        await page.goto(`${instance.url}${view}`);
        await page.reload();
        const words = await sees(page, selector, /<img src=x onerror=alert\(1\)>/);
        expect(words).toContain("safe\\u202egnp.exe");
        expect(words).not.toContain("\u202e");
        expect(await page.locator("img:not([src^='assets/']), main script, a[href^='javascript']").count()).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  test.each([
    [360, 740],
    [390, 844],
    [768, 1024],
    [3840, 2160],
  ] as const)(
    "fits a screen of %i × %i in every view",
    async (width, height) => {
      const page = await stand.open("#/now", { width, height });
      for (const view of VIEWS) {
        await goTo(page, view);
        const [content, screen] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
        expect(`${view} is ${content} wide`).toBe(`${view} is ${Math.min(content!, screen!)} wide`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "can be used by keyboard, and shows the focus",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      const at = () =>
        page.evaluate<string>(
          "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()",
        );
      const walked: string[] = [];
      for (let turn = 0; turn < 24; turn += 1) {
        await page.keyboard.press("Tab");
        walked.push(await at());
        const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
        expect(`${walked.at(-1)}: ${outline}`).toBe(`${walked.at(-1)}: solid`);
      }
      expect(walked.slice(0, 8)).toEqual([
        "Skip to the content",
        "Services",
        "Now",
        "Connections",
        "Runs",
        "Log",
        "Switch to dark",
        "5m: the last 5 minutes",
      ]);
      // One stop for all of the legend, then the chart.
      const legend = walked.findIndex((name) => /^connections(–|\d)/.test(name));
      expect(walked[legend + 1]).toStartWith("Connections and reads of all listeners: arrow keys read it");
      await plot(page, "Connections and reads of all listeners").focus();
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Shift+ArrowLeft");
      const chart = plot(page, "Connections and reads of all listeners");
      expect(await chart.getAttribute("aria-valuetext")).toMatch(/^\d+ \w+ [\d:]+: connections [\d ]+, reads/);
      expect(await page.locator(".moment.read").count()).toBe(1);
      await page.keyboard.press("+");
      await sees(page, ".zoomed", /zoomed to \d+ \w+ \d\d:\d\d:\d\d ?–/);
      await page.keyboard.press("0");
      await page.locator(".zoomed").waitFor({ state: "detached" });
      await page.keyboard.press("Escape");
      await page.locator(".moment.read").waitFor({ state: "detached" });
    },
    TIMEOUT_MS,
  );

  test(
    "keeps the focus in a dialog, and restores it",
    async () => {
      const page = await stand.open("#/connections");
      const close = page.getByRole("button", { name: /^close the connection of/ }).first();
      await close.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Close this connection?" }).waitFor();
      for (let turn = 0; turn < 6; turn += 1) {
        await page.keyboard.press("Tab");
        // The browser's own bar counts as one place of the round.
        expect(
          await page.evaluate(
            "document.querySelector('dialog').contains(document.activeElement) || document.activeElement === document.body",
          ),
        ).toBe(true);
      }
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      expect(stand.instance.connections).toHaveLength(10_000);
    },
    TIMEOUT_MS,
  );

  test(
    "labels every control and picture, has one main element, unique ids, and headings in order",
    async () => {
      const page = await stand.open("#/now", { width: 390, height: 844 });
      for (const view of VIEWS) {
        await goTo(page, view);
        expect({ view, complaints: await page.evaluate(COMPLAINTS) }).toEqual({ view, complaints: [] });
      }
    },
    TIMEOUT_MS,
  );

  test.each(["light", "dark"] as const)(
    "has readable contrast in %s",
    async (scheme) => {
      const page = await stand.open("#/now", { scheme });
      const colours = await page.evaluate<Record<string, string>>(
        `Object.fromEntries(["page", "panel", "raised-panel", "edge", "accent-soft", "bad-soft", "text", "muted", "accent", "good", "warning", "bad", "tone-accent", "tone-ink", "tone-amber", "tone-violet", "tone-green", "tone-red"].map((name) => [name, getComputedStyle(document.documentElement).getPropertyValue("--" + name)]))`,
      );
      const low: string[] = [];
      const compare = (front: string, back: string, least: number) => {
        const ratio = contrast(colours[front]!, colours[back]!);
        if (ratio < least) low.push(`${front} on ${back}: ${ratio.toFixed(2)}`);
      };
      for (const back of ["page", "panel", "raised-panel"]) {
        for (const front of ["text", "muted", "accent", "good", "warning", "bad"]) compare(front, back, 4.5);
      }
      for (const back of ["page", "panel"]) compare("edge", back, 3);
      compare("accent", "accent-soft", 4.5);
      // Tiles of services that are down.
      for (const front of ["text", "accent", "bad", "warning"]) compare(front, "bad-soft", 4.5);
      for (const tone of Object.keys(colours).filter((name) => name.startsWith("tone-"))) compare(tone, "panel", 3);
      expect(low).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each(["light", "dark"] as const)(
    "has lines of distinct colours in %s, also for colour-blind readers",
    async (scheme) => {
      const page = await stand.open("#/now", { scheme });
      const names = ["accent", "ink", "amber", "violet", "green", "red"];
      const tones = await page.evaluate<string[]>(
        `${JSON.stringify(names)}.map((name) => getComputedStyle(document.documentElement).getPropertyValue("--tone-" + name))`,
      );
      const alike: string[] = [];
      for (const [sight, matrix] of Object.entries(SIGHTS)) {
        const seen = tones.map((tone) => seenAs(tone, matrix));
        seen.forEach((one, index) => {
          for (let other = 0; other < index; other += 1) {
            const apart = Math.hypot(...one.map((value, at) => value - seen[other]![at]!));
            if (apart < 11) alike.push(`${sight}: ${names[other]} and ${names[index]}, ${apart.toFixed(0)}`);
          }
        });
      }
      expect(alike).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "follows the system's light or dark until the reader chooses, and keeps the choice",
    async () => {
      const page = await stand.open("#/now", { scheme: "dark" });
      const scheme = () => page.evaluate("getComputedStyle(document.documentElement).colorScheme");
      expect(await scheme()).toBe("dark");
      await page.getByRole("button", { name: "Switch to light" }).click();
      expect(await scheme()).toBe("light");
      await page.reload();
      expect(await scheme()).toBe("light");
    },
    TIMEOUT_MS,
  );

  test(
    "has no animation where reduced motion is requested",
    async () => {
      const still = await stand.open("#/now", { hasReducedMotion: true });
      await still.locator(".bar-fill").first().waitFor();
      expect(await still.evaluate("getComputedStyle(document.querySelector('.bar-fill')).transitionDuration")).toBe(
        "0s",
      );
    },
    TIMEOUT_MS,
  );

  test(
    "says that the server does not answer, and what to do",
    async () => {
      stand.expected.push(/503|EventSource|ERR_/);
      const page = await stand.open("about:blank");
      await page.clock.install();
      await page.goto(`${stand.instance.url}#/now`);
      await sees(page, ".live", /live/);
      stand.instance.stop();
      await page.clock.runFor(20_000);
      await sees(page, ".live", /stopped/);
      const [words, sign] = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.live, .live span')].map((each) => getComputedStyle(each).color)",
      );
      expect(sign).toBe(words!);
      await page.clock.runFor(3000);
      await sees(page, ".problem", /The server does not answer.*Is tenk still running/);
    },
    TIMEOUT_MS,
  );
});

/** What a checker of accessibility would say, as a script that runs in the page. */
const COMPLAINTS = `(() => {
  const complaints = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const nameOf = (element) =>
    element.getAttribute("aria-label") ||
    (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("") ||
    [...(element.labels ?? [])].map((label) => label.textContent).join("") ||
    element.textContent;
  for (const each of all("a, button, input, select, [role=slider], [role=log], nav, section, dialog, progress")) {
    if (nameOf(each).trim() === "") complaints.push("no name: " + each.outerHTML.slice(0, 80));
  }
  for (const each of all("img")) if (!each.hasAttribute("alt")) complaints.push("no alt: " + each.src);
  for (const each of all("table")) if (each.querySelector("th") === null) complaints.push("no heads: " + each.className);
  for (const each of all("th")) if (!each.hasAttribute("scope")) complaints.push("no scope: " + each.textContent);
  for (const each of all("*")) {
    const scrolls = /auto|scroll/.test(getComputedStyle(each).overflow) && each.scrollWidth > each.clientWidth + 1;
    if (scrolls && each.tabIndex < 0) complaints.push("scrolls, and no key reaches it: " + each.className);
  }
  for (const each of document.querySelector("#app").children) {
    if (!/^(HEADER|MAIN)$/.test(each.tagName)) complaints.push("outside of all landmarks: " + each.tagName);
  }
  if (all("h1").length !== 1) complaints.push("first headings: " + all("h1").length);
  if (all("main").length !== 1) complaints.push("main parts: " + all("main").length);
  const ids = all("[id]").map(({ id }) => id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) complaints.push("twice: " + id);
  for (const each of all("[aria-labelledby], [aria-describedby]")) {
    for (const name of ["aria-labelledby", "aria-describedby"]) {
      const id = each.getAttribute(name);
      if (id && !ids.includes(id)) complaints.push(name + " leads nowhere: " + id);
    }
  }
  let level = 1;
  for (const each of all("h1, h2, h3, h4")) {
    const next = Number(each.tagName[1]);
    if (next > level + 1) complaints.push("a heading too deep: " + each.textContent);
    level = next;
  }
  if (document.documentElement.lang !== "en") complaints.push("no language");
  if (!/ · tenk$/.test(document.title)) complaints.push("title: " + document.title);
  return complaints;
})()`;

/** WCAG 2.2, contrast ratio of two colours `#rrggbb`. */
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = linear(hex);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(hex: string): [red: number, green: number, blue: number] {
  const channel = (at: number) => {
    const value = Number.parseInt(full(hex).slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** Machado, Oliveira and Fernandes 2009, severity 1: what is left of linear red, green and blue. */
const SIGHTS = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** CIE L*a*b* of what is seen: as far apart as colours lie in it, so different do they look. */
function seenAs(hex: string, matrix: readonly number[]): number[] {
  const light = linear(hex);
  const [red, green, blue] = [0, 3, 6].map((row) => {
    const sum = light.reduce((all, value, at) => all + value * matrix[row + at]!, 0);
    return Math.min(1, Math.max(0, sum));
  }) as [number, number, number];
  const bent = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = bent((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
  const y = bent(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = bent((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** The style sheet is written as short as it can be: `#fff`. */
function full(hex: string): string {
  const text = hex.trim();
  return text.length === 4 ? text.replace(/[0-9a-f]/gi, "$&$&") : text;
}
