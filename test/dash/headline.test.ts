import { describe, expect, test } from "bun:test";
import type { ProblemView } from "../../src/dash/mod.ts";
import { arranged, kept } from "../../src/dash/page/services/arrange.ts";
import { dayText, dayTitle, levelOf, shareText } from "../../src/dash/page/services/days.ts";
import { headlineOf, sinceText } from "../../src/dash/page/services/headline.ts";
import { sparkPath } from "../../src/dash/page/services/spark-path.ts";
import { fakeProblems, fakeService } from "./fake-services.ts";

const NOW = new Date(2026, 10, 30, 23, 0).getTime();
const AT_2214 = new Date(2026, 10, 30, 22, 14).getTime();

const up = ["git", "cache", "mail"].map((name) => fakeService(name));
const down = fakeService("git", {
  state: "down",
  reason: "nothing listens on 127.0.0.1:3000",
  sinceMs: AT_2214,
});
const disk: ProblemView = {
  key: "box/disk/",
  severity: "warning",
  subject: "disk /",
  state: "95 % full",
  reason: "delete what is not needed.",
  sinceMs: AT_2214 - 86_400_000,
};
const read = (services: typeof up, more: readonly ProblemView[] = []) =>
  headlineOf(services, [...more, ...fakeProblems(services)], NOW);

describe("the headline", () => {
  test.each([
    ["all are up", up, [], "good", "All 3 services are well."],
    ["one is all there is", [up[0]!], [], "good", "git is well."],
    ["there are none", [], [], "plain", "No problem is known; no service is probed."],
    ["one is down", [down, ...up.slice(1)], [], "bad", "git is down since 22:14: nothing listens on 127.0.0.1:3000."],
    [
      "others stand on it",
      [
        down,
        fakeService("chat", { state: "unknown", after: "git" }),
        fakeService("mail", { state: "unknown", after: "git" }),
      ],
      [],
      "bad",
      "git is down since 22:14: nothing listens on 127.0.0.1:3000. 2 services that stand on it are unknown.",
    ],
    [
      "several are not well, the worst first",
      [fakeService("cache", { state: "degraded" }), down, ...up.slice(2)],
      [],
      "bad",
      "2 of 3 services are not well: git is down, cache is degraded.",
    ],
    [
      "the machine is not well",
      up,
      [disk],
      "warning",
      "disk / is 95 % full since 29 Nov 22:14: delete what is not needed.",
    ],
    ["both are not", [down], [disk], "bad", "2 problems: git is down, disk / is 95 % full."],
    [
      "some are in maintenance or starting",
      [fakeService("git", { state: "maintenance" }), fakeService("cache", { state: "starting" }), ...up.slice(2)],
      [],
      "good",
      "1 of 3 services are well, 1 in maintenance, 1 starting.",
    ],
    [
      "none was asked yet",
      [fakeService("git", { state: "pending" })],
      [],
      "plain",
      "0 of 1 services are well, 1 not asked yet.",
    ],
  ] as const)("where %s", (_, services, problems, tone, text) => {
    expect(read([...services], problems)).toEqual({ tone, text });
  });

  test("names a few of very many", () => {
    const services = Array.from({ length: 200 }, (_, at) => fakeService(`s-${at}`, { state: "down" }));
    expect(read(services).text).toBe(
      "200 of 200 services are not well: s-0 is down, s-1 is down, s-2 is down and 197 more.",
    );
  });

  test("tells another day and another year", () => {
    expect(sinceText(new Date(2025, 0, 5, 7, 3).getTime(), NOW)).toBe("5 Jan 2025 07:03");
  });
});

describe("tiles", () => {
  const names = (groups: ReturnType<typeof arranged>) =>
    groups.map(({ title, services }) => `${title}: ${services.map(({ service }) => service).join(" ")}`);
  const all = [
    fakeService("git", { group: "Code" }),
    fakeService("tv", { uptime: { day: null, week: null, month: null, quarter: null } }),
    fakeService("cache", { group: "Code", state: "degraded", reason: "replica lost its MASTER" }),
    fakeService("mail", { state: "down", uptime: { day: 0, week: 0.2, month: 0.5, quarter: 0.6 } }),
  ];
  const wanted = { search: "", state: "", order: "groups" } as const;

  test.each([
    [wanted, ["Code: git cache", ": tv mail"]],
    [{ ...wanted, order: "worst" }, [": mail cache git tv"]],
    [{ ...wanted, order: "name" }, [": cache git mail tv"]],
    [{ ...wanted, order: "uptime" }, [": mail git cache tv"]],
    [{ ...wanted, state: "not up" }, ["Code: cache", ": mail"]],
    [{ ...wanted, search: "  code MASTER " }, ["Code: cache"]],
    [{ ...wanted, search: "nothing" }, []],
  ] as const)("are found and sorted: %p", (arrangement, expected) => {
    expect(names(arranged(all, arrangement))).toEqual([...expected]);
  });

  test("keep their places while somebody is in them", () => {
    const worst = arranged(all, { ...wanted, order: "worst" });
    expect(names(kept(worst, ["git", "cache", "mail"]))).toEqual([": git cache mail tv"]);
  });
});

describe("a day", () => {
  test.each([
    [0, "none", "nothing is known"],
    [1, "up", "up all the time"],
    [[86_340, 0, 60, 0, 0], "down", "99.93 % up, down 1 min"],
    [[80_000, 6400, 0, 0, 0], "degraded", "100 % up, degraded 1 h 46 min"],
    [[80_000, 0, 0, 0, 6400], "up", "100 % up, in maintenance 1 h 46 min"],
    [[0, 0, 0, 0, 86_400], "maintenance", "in maintenance 1 d"],
    [[0, 0, 0, 600, 0], "unknown", "unknown 10 min"],
  ] as const)("%p is %s", (day, level, text) => {
    expect([levelOf(day), dayText("28 Nov", day)]).toEqual([level, `28 Nov: ${text}`]);
  });

  test("has the server's date", () => {
    expect([89, 88, 87, 0].map((at) => dayTitle("2026-11-30", at, 90))).toEqual([
      "today",
      "yesterday",
      "28 Nov",
      "2 Sep",
    ]);
    expect(dayTitle(undefined, 80, 90)).toBe("9 days ago");
  });

  test.each([
    [1, "100 %"],
    [0.999_99, "99.99 %"],
    [0.5, "50 %"],
    [null, "–"],
  ])("an uptime of %p is %s", (share, text) => {
    expect(shareText(share)).toBe(text);
  });
});

test("a spark has a gap where nothing is known", () => {
  expect(sparkPath([null, 1, 2, null, 2])).toBe("M25 10h0.5L50 0M100 0h0.5");
  expect(sparkPath([null, null])).toBe("");
});
