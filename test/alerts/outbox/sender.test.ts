import { expect, test } from "bun:test";
import type { Channel, Delivery } from "../../../src/alerts/channels/mod.ts";
import type { Message } from "../../../src/alerts/incidents/mod.ts";
import { Sender, type SenderOptions } from "../../../src/alerts/outbox/mod.ts";
import { LocalTime, parseSchedule, ScheduleClock } from "../../../src/alerts/time/mod.ts";
import { keptLog } from "../../app/admin/support.ts";
import { House, INTEREST } from "../incidents/support.ts";

const UTC = new LocalTime("UTC");
const SENT: Delivery = { result: "sent" };

/** A channel whose answers a test sets, and a sender whose clock is that of a house. */
class Post implements Channel {
  readonly name = "phone";
  readonly type = "test";
  readonly house: House;
  readonly sender: Sender;
  readonly log = keptLog();
  /** Of the messages that were tried. */
  readonly tried: Message[] = [];
  readonly brief: boolean[] = [];
  answer: Delivery = SENT;

  constructor(options: Partial<SenderOptions> = {}, house = new House()) {
    this.house = house;
    this.sender = new Sender({
      channel: this,
      interest: INTEREST,
      gatherMs: 10_000,
      maxBackoffMs: 300_000,
      quiet: () => undefined,
      isCriticalLoud: true,
      wording: { name: "pi", time: UTC },
      log: this.log,
      changed: () => undefined,
      nowMs: () => this.house.nowMs,
      random: () => 1,
      ...options,
    });
  }

  async send(message: Message, isBrief: boolean): Promise<Delivery> {
    this.tried.push(message);
    this.brief.push(isBrief);
    return this.answer;
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.house.pass(1);
      this.sender.tick(this.house.incidents.list, this.house.incidents.dropped);
      await this.sender.idle();
    }
  }

  get titles(): string[] {
    return this.tried.map(({ title }) => title);
  }
}

test("what comes within ten seconds of the last is one message, which waits a minute at most", async () => {
  const post = new Post();
  for (let index = 0; index < 20; index++) {
    post.house.set(`service/s${index}`, "down");
    await post.pass(5);
  }
  expect(post.titles).toEqual(["pi: 13 problems: s0, s1, s2 …"]);
  await post.pass(10);
  expect(post.titles[1]).toBe("pi: 7 problems: s13, s14, s15 …");
});

test("without a way out what began and ended is one line of one message, told late with its times", async () => {
  const post = new Post();
  post.answer = { result: "failed", why: "no route to host" };
  post.house.set("service/router", "down");
  await post.pass(300);
  post.house.set("service/git", "down");
  await post.pass(300);
  post.house.problems.clear();
  await post.pass(60);
  expect(post.tried.length).toBeGreaterThan(3);
  expect(post.tried.length).toBeLessThan(10);
  post.answer = SENT;
  await post.pass(300);
  const { title, lines, notes } = post.tried.at(-1)!;
  expect([title, ...lines]).toEqual([
    "pi: 2 problems over: router, git",
    "router was down 22:00–22:10 (10m 1s): why",
    "git was down 22:05–22:10 (5m 1s): why",
  ]);
  expect(notes).toEqual([expect.stringMatching(/^Told late: no message got out 22:00–22:1\d \(no route to host\)$/)]);
  expect(post.log.lines.filter(([level]) => level === "warn").length).toBe(1);
  await post.pass(3600);
  expect(post.sender.counts).toMatchObject({ sent: 1 });
});

test("a while before a late message is tried again, those who know look once more; on a first failure they need not", async () => {
  const looks: [keys: readonly string[], tried: number][] = [];
  const recheck = (keys: readonly string[]) => void looks.push([keys, post.tried.length]);
  const post: Post = new Post({ recheck });
  post.answer = { result: "failed", why: "no way out" };
  post.house.set("service/router", "down");
  await post.pass(60);
  expect([looks.length, post.tried.length]).toEqual([0, 4]);
  await post.pass(300);
  expect(looks.map(([keys]) => keys)).toEqual(looks.map(() => ["service/router"]));
  expect(looks.slice(0, 2).map(([, tried]) => tried)).toEqual([4, 5]);
});

test("a receiver that wants us to wait is obeyed, up to an hour", async () => {
  const post = new Post();
  post.answer = { result: "failed", why: "it answers with status 429", waitMs: 900_000 };
  post.house.set("service/git", "down");
  await post.pass(900);
  expect(post.tried.length).toBe(1);
  await post.pass(20);
  expect(post.tried.length).toBe(2);
  post.answer = { result: "failed", why: "it answers with status 429", waitMs: 1e12 };
  await post.pass(900);
  expect(post.tried.length).toBe(3);
  post.answer = SENT;
  await post.pass(3601);
  expect(post.sender.counts.sent).toBe(1);
});

test("a message that is not accepted is tried as its title alone; a channel that accepts nothing is refused, and seldom tried", async () => {
  const post = new Post();
  post.answer = { result: "unwanted", why: "it answers with status 413" };
  post.house.set("service/git", "down");
  await post.pass(15);
  expect(post.sender.refusal).toBeUndefined();
  await post.pass(10);
  expect(post.brief).toEqual([false, true]);
  expect(post.sender.refusal).toBe("it answers with status 413");
  post.answer = { result: "refused", why: "it answers with status 401" };
  await post.pass(3600);
  expect(post.tried.length).toBe(6);
  expect(post.log.lines.filter(([level]) => level === "error").length).toBe(2);
  post.answer = SENT;
  post.sender.noteReachable();
  await post.pass(11);
  expect(post.sender.counts.sent).toBe(1);
  expect(post.sender.refusal).toBeUndefined();
});

test("what changes while a message is under way is told afterwards", async () => {
  const house = new House();
  const post = new Post({ gatherMs: 0 }, house);
  let answer: (delivery: Delivery) => void = () => undefined;
  post.send = (message) => {
    post.tried.push(message);
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  house.set("service/git", "degraded");
  house.pass(1);
  post.sender.tick(house.incidents.list, 0);
  house.set("service/git", "down");
  house.pass(1);
  post.sender.tick(house.incidents.list, 0);
  expect(post.titles).toEqual(["pi: git degraded"]);
  answer(SENT);
  await post.sender.idle();
  post.sender.tick(house.incidents.list, 0);
  expect(post.titles).toEqual(["pi: git degraded", "pi: git down"]);
  house.problems.clear();
  house.pass(1);
  answer(SENT);
  await post.sender.idle();
  post.sender.tick(house.incidents.list, 0);
  expect(post.titles.at(-1)).toMatch("pi: git well again after");
  // The end answers the message that told of the beginning.
  expect(post.tried.at(-1)!.answers).toEqual([post.tried[0]!.id]);
  answer(SENT);
  await post.sender.idle();
});

test("a channel that throws is one that failed", async () => {
  const post = new Post({ gatherMs: 0 });
  post.send = async () => {
    throw new Error("a bug");
  };
  post.house.set("service/git", "down");
  await post.pass(3);
  expect([post.sender.counts.failed, post.sender.why]).toEqual([1, "a bug"]);
});

test("a crash between sending and noting sends the same message again, under the same id", async () => {
  const post = new Post({ gatherMs: 0 });
  post.house.set("service/git", "down");
  post.house.pass(1);
  const before = JSON.parse(JSON.stringify(post.house.incidents.kept()));
  await post.pass(1);
  post.house.incidents.list.splice(0, 1, ...before.incidents);
  await post.pass(1);
  expect(post.tried.length).toBe(2);
  expect(post.tried[1]!.id).toBe(post.tried[0]!.id);
});

test("quiet hours: warnings wait for their end, critical ones do not, and those who were woken hear that it is over", async () => {
  const clock = new ScheduleClock(parseSchedule("22:00-07:00"), UTC);
  const post = new Post({ quiet: (nowMs) => clock.current(nowMs) });
  const { house } = post;
  house.set("service/tv", "degraded");
  house.set("service/radio", "degraded");
  house.set("service/git", "down");
  await post.pass(60);
  expect(post.titles).toEqual(["pi: git down"]);
  house.problems.delete("service/git");
  house.problems.delete("service/radio");
  await post.pass(60);
  expect(post.titles.slice(1)).toEqual(["pi: git well again after 61s"]);
  await post.pass(8 * 3600);
  expect(post.tried.length).toBe(2);
  await post.pass(3600);
  const { title, lines, notes } = post.tried[2]!;
  expect([title, ...lines]).toEqual([
    "pi: tv degraded, 1 over",
    "tv is degraded since Nov 30 22:00: why",
    "radio was degraded Nov 30 22:00–22:01 (61s): why",
  ]);
  expect(notes).toEqual(["Kept during quiet hours."]);
});

test("quiet hours that are quiet for critical problems too", async () => {
  const clock = new ScheduleClock(parseSchedule("22:00-07:00"), UTC);
  const post = new Post({ quiet: (nowMs) => clock.current(nowMs), isCriticalLoud: false });
  post.house.set("service/git", "down");
  await post.pass(3600);
  expect(post.tried).toEqual([]);
});

test("incidents that are forgotten untold are counted in the next message", async () => {
  const house = new House({ max: 10 });
  const post = new Post({}, house);
  post.answer = { result: "failed", why: "no way out" };
  for (let round = 0; round < 15; round++) {
    house.set(`service/s${round}`, "down");
    await post.pass(1);
    house.problems.clear();
    await post.pass(1);
  }
  post.answer = SENT;
  await post.pass(300);
  expect(post.tried.at(-1)!.lines.length).toBe(10);
  expect(post.tried.at(-1)!.notes.at(-1)).toBe("5 older alerts were dropped: too many waited.");
});
