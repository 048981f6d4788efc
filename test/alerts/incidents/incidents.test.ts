import { expect, test } from "bun:test";
import { House, INTEREST } from "./support.ts";

test("a problem is told once, and once when it is over, with how long it lasted", () => {
  const house = new House();
  house.set("service/git", "down");
  house.pass(1);
  expect(house.tell()).toEqual(["pi: git down", "git is down since 22:00: why"]);
  house.pass(599);
  expect(house.tell()).toEqual([]);
  house.problems.clear();
  house.pass(1);
  expect(house.tell()).toEqual(["pi: git well again after 10m 1s", "git is well again, was down 22:00–22:10 (10m 1s)"]);
  expect(house.incidents.list).toEqual([]);
});

test("several are one message, and so are their ends; what began and is over untold is one line", () => {
  const house = new House();
  for (const name of ["a", "b", "c", "d"]) house.set(`service/${name}`, "down");
  house.set("box/disk/", "95 % full", { subject: "disk /", sinceMs: house.nowMs - 600_000 });
  house.pass(1);
  expect(house.tell()[0]).toBe("pi: 5 problems: a, b, c …");
  house.set("service/e", "down");
  house.pass(60);
  for (const name of ["a", "b", "e"]) house.problems.delete(`service/${name}`);
  house.pass(1);
  expect(house.tell()).toEqual([
    "pi: 3 problems over: a, b, e",
    "a is well again, was down 22:00–22:01 (62s)",
    "b is well again, was down 22:00–22:01 (62s)",
    "e was down 22:00–22:01 (61s): why",
  ]);
});

test("what stands behind another problem raises no alert, is counted with that, and has time to come back after it", () => {
  const house = new House();
  // The service is found down a moment before its router.
  house.set("service/git", "down");
  house.pass(2);
  house.set("service/router", "down");
  const behind = { behind: "service/router" };
  for (const name of ["git", "nas", "tv"]) house.set(`service/${name}`, "unknown", { severity: "critical", ...behind });
  house.pass(10);
  expect(house.tell()).toEqual([
    "pi: router down",
    "router is down since 22:00: why [behind it: 3 more, git, nas, tv]",
  ]);
  house.pass(600);
  house.problems.delete("service/router");
  for (const name of ["git", "nas", "tv"]) house.set(`service/${name}`, "down");
  house.pass(40);
  expect(house.tell()).toEqual([
    "pi: router well again after 10m 11s",
    expect.stringContaining("router is well again"),
  ]);
  house.problems.delete("service/nas");
  house.pass(15);
  expect(house.tell()).toEqual([]);
  house.pass(10);
  expect(house.tell()[0]).toBe("pi: 2 problems: git, tv");
});

test("an alert that was told stays open while its problem stands behind another, and its end is told", () => {
  const house = new House();
  house.set("service/git", "down");
  house.pass(1);
  house.tell();
  house.set("service/router", "down");
  house.set("service/git", "unknown", { severity: "critical", behind: "service/router" });
  house.pass(60);
  expect(house.tell()).toEqual(["pi: router down", expect.stringContaining("behind it: 1 more, git")]);
  house.problems.clear();
  house.pass(1);
  expect(house.tell()).toEqual([
    "pi: 2 problems over: git, router",
    expect.stringContaining("git is well again, was down"),
    expect.stringContaining("router"),
  ]);
});

const muted = { isMuted: true, severity: "critical" as const };

test("maintenance: what was down before, during and after is told once; an end within it is told", () => {
  const house = new House();
  house.set("service/git", "down");
  house.set("service/nas", "down");
  house.pass(1);
  house.tell();
  house.set("service/git", "maintenance", muted);
  house.problems.delete("service/nas");
  house.pass(60);
  expect(house.tell()).toEqual(["pi: nas well again after 2s", expect.stringContaining("nas is well again")]);
  house.set("service/git", "down");
  house.pass(60);
  expect(house.tell()).toEqual([]);
});

test("maintenance: what goes and comes back within it is never told, what is down at its end is told then", () => {
  const house = new House();
  house.set("service/git", "maintenance", muted);
  house.set("service/nas", "maintenance", muted);
  house.pass(60);
  house.problems.delete("service/nas");
  house.pass(60);
  expect(house.tell({ ...INTEREST, repeatMs: 1000 })).toEqual([]);
  house.set("service/git", "down", { sinceMs: house.nowMs - 120_000 });
  house.pass(1);
  expect(house.tell()).toEqual(["pi: git down", "git is down since 22:00: why"]);
});

test("worse and better are told; a state that only counts up is not", () => {
  const house = new House();
  house.set("service/git", "degraded", { reason: "slow" });
  house.pass(1);
  house.tell();
  house.set("service/git", "down");
  house.pass(60);
  expect(house.tell()).toEqual(["pi: git down", "git is down since 22:00, was degraded since 22:00: why"]);
  house.set("service/git", "degraded");
  house.pass(599);
  expect(house.tell()).toEqual([]);
  house.pass(1);
  expect(house.tell()[0]).toBe("pi: git no longer down, but degraded");
  house.set("box/disk/", "95 % full");
  house.pass(301);
  house.tell();
  house.set("box/disk/", "96 % full");
  house.pass(60);
  expect(house.tell()).toEqual([]);
});

test("what a box has for some minutes only is not told", () => {
  const house = new House();
  house.set("box/temperature", "hot");
  house.pass(299);
  house.problems.clear();
  house.pass(1);
  expect(house.tell()).toEqual([]);
  house.set("box/temperature", "hot");
  house.pass(300);
  expect(house.tell()).toEqual(["pi: temperature hot", "temperature is hot since 22:05: why"]);
});

test("what comes and goes more than four times an hour is told once as such, and once when it has stopped", () => {
  const house = new House();
  const told: string[] = [];
  for (let round = 0; round < 20; round++) {
    house.set("service/git", "down");
    house.pass(20);
    told.push(house.tell()[0] ?? "");
    house.problems.clear();
    house.pass(60);
    told.push(house.tell()[0] ?? "");
    // What is known of that survives a restart.
    if (round === 3) house.restart();
  }
  house.pass(900);
  told.push(house.tell()[0] ?? "");
  const heard = told.filter((each) => each !== "");
  expect(heard.length).toBe(10);
  expect(heard.slice(-2)).toEqual(["pi: git comes and goes", "pi: git steady again"]);
});

test("a restart tells nothing twice, tells what ended meanwhile, and waits for those who know nothing yet", () => {
  const house = new House({ startGraceMs: 60_000 });
  for (const name of ["a", "b", "c"]) house.set(`service/${name}`, "down");
  house.pass(1);
  house.tell();
  house.problems.clear();
  house.nowMs += 600_000;
  house.restart();
  // Nobody knows anything for a while; the probes of c take longer.
  house.undecided.add("service/c");
  house.pass(30);
  house.set("service/a", "down");
  house.pass(60);
  expect(house.tell()).toEqual(["pi: b well again after 10m 2s", "b is well again, was down 22:00–22:10 (10m 2s)"]);
  house.set("service/c", "down");
  house.undecided.clear();
  house.pass(60);
  expect(house.tell()).toEqual([]);
});

test("the end is when a problem went away, also in the first minute after a start", () => {
  const house = new House({ startGraceMs: 60_000 });
  house.set("service/git", "down");
  house.pass(3);
  house.problems.clear();
  house.pass(1);
  expect(house.tell()).toEqual(["pi: git was down 22:00–22:00", "git was down 22:00–22:00 (4s): why"]);
  // Its problem was seen in this run: nothing is waited for. That of an earlier run could still come back.
  house.set("service/nas", "down");
  house.pass(1);
  house.tell();
  house.restart();
  house.pass(2);
  house.problems.clear();
  house.pass(1);
  expect(house.tell()[0]).toBe("pi: nas well again after 4s");
  house.set("service/tv", "down");
  house.pass(1);
  house.tell();
  house.problems.clear();
  house.restart();
  house.pass(59);
  expect(house.tell()).toEqual([]);
  house.pass(1);
  expect(house.tell()[0]).toBe("pi: tv well again after 2s");
});

test("that nobody looks any more is not told as well again", () => {
  const house = new House();
  house.set("service/git", "down");
  house.pass(1);
  house.tell();
  house.problems.clear();
  house.pass(1);
  for (const each of house.incidents.list) each.isUnwatched = true;
  expect(house.tell()).toEqual(["pi: git no longer watched", "git is no longer watched, was down since 22:00"]);
});

test("a clock that is set by the network just after a start ends nothing", () => {
  const house = new House({ startGraceMs: 60_000 });
  house.set("box/disk/", "95 % full");
  house.pass(301);
  house.tell();
  house.problems.clear();
  house.restart();
  house.nowMs += 1e12;
  house.pass(30);
  expect(house.tell()).toEqual([]);
  house.pass(40);
  expect(house.tell()[0]).toStartWith("pi: disk/ well again after");
});

test("a channel that is for what lasts is told after its time, and of nothing that was over before; a reminder comes each so often", () => {
  const house = new House();
  const boss = { ...INTEREST, channel: "boss", afterMs: 1_800_000, repeatMs: 3_600_000, severity: "critical" as const };
  house.set("service/git", "down");
  house.set("service/nas", "down");
  house.set("service/tv", "degraded");
  house.pass(1200);
  house.problems.delete("service/nas");
  expect(house.tell(boss)).toEqual([]);
  house.pass(600);
  expect(house.tell(boss)).toEqual(["pi: git down", "git is down since 22:00: why"]);
  house.pass(3599);
  expect(house.tell(boss)).toEqual([]);
  house.pass(1);
  expect(house.tell(boss)).toEqual(["pi: git still down", "git is still down since 22:00 (90m): why"]);
  // Nobody is reminded during maintenance.
  house.set("service/git", "maintenance", muted);
  house.pass(7200);
  expect(house.tell(boss)).toEqual([]);
});

test.each([
  ["service: false", { service: { severity: undefined, forMs: { warning: 0, critical: 0 } } }, []],
  ["critical ones", { service: { severity: "critical" as const, forMs: { warning: 0, critical: 0 } } }, ["git"]],
  ["one kept out", { "service/git": { severity: undefined, forMs: { warning: 0, critical: 0 } } }, ["tv"]],
  ["for 2m", { "service/git": { severity: "warning" as const, forMs: { warning: 0, critical: 120_000 } } }, ["tv"]],
])("which kinds alert: %s", (_, rules, expected) => {
  const house = new House({ rules });
  house.set("service/git", "down");
  house.set("service/tv", "degraded");
  house.pass(60);
  expect(house.incidents.list.map(({ subject }) => subject)).toEqual(expected);
});

test("text from the network is one bounded line, and the number of incidents is bounded", () => {
  const house = new House({ max: 10 });
  for (let index = 0; index < 30; index++)
    house.set(`service/s${index}`, "down", { reason: `a\r\nb\u0000c\u202e ${"x".repeat(100_000)}` });
  house.pass(1);
  expect(house.incidents.list.length).toBe(10);
  expect(house.incidents.dropped).toBe(20);
  expect(house.incidents.list[0]!.reason).toMatch(/^a b c x{280,300}…$/);
});

test("a clock that jumps neither ends an alert nor holds one", () => {
  const house = new House();
  house.set("service/git", "down", { sinceMs: Date.parse("1970-01-02") });
  house.pass(1);
  expect(house.tell()[0]).toBe("pi: git down");
  house.nowMs -= 86_400_000;
  house.set("service/router", "down");
  house.set("service/nas", "unknown", { behind: "service/router", severity: "critical" });
  house.pass(1);
  house.nowMs -= 86_400_000;
  house.problems.delete("service/router");
  house.set("service/nas", "down");
  house.pass(61);
  expect(house.tell()).toEqual([expect.stringContaining("nas down"), expect.any(String), expect.any(String)]);
});
