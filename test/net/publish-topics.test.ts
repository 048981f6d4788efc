import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Subscriber, subscriberSettings, Topics } from "../../src/net/publish/mod.ts";

class Member implements Subscriber {
  mailbox: Subscriber["mailbox"];
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

const HELLO = new Uint8Array([1]);

function delivered(topics: Topics<Member>, name: string, except?: Member): number[] {
  const ids: number[] = [];
  topics.publish(name, HELLO, except, ({ id }) => ids.push(id));
  return ids;
}

describe("topics", () => {
  test("a message goes to each member once, but not to its publisher", () => {
    const topics = new Topics<Member>(subscriberSettings());
    const [one, two, three] = [new Member(1), new Member(2), new Member(3)];
    for (const member of [one, two, three, two]) topics.subscribe(member, "news");
    expect(delivered(topics, "news", two)).toEqual([1, 3]);
    expect(delivered(topics, "other")).toEqual([]);
    expect(topics.publish("news", new Uint8Array(0), undefined, () => expect.unreachable())).toBe(0);
  });

  test("a topic is gone with its last member, also when that leaves while a message is on its way", () => {
    const topics = new Topics<Member>(subscriberSettings());
    const [one, two] = [new Member(1), new Member(2)];
    for (const member of [one, two]) topics.subscribe(member, "news");
    topics.leave(two);
    expect([topics.size, topics.countOf("news"), two.mailbox]).toEqual([1, 1, undefined]);
    topics.publish("news", HELLO, undefined, (member) => topics.leave(member));
    expect([topics.size, topics.countOf("news")]).toEqual([0, 0]);
  });

  test("names and their number are bounded", () => {
    const topics = new Topics<Member>(subscriberSettings({ maxTopics: 2 }));
    const member = new Member(1);
    for (const name of ["", "x".repeat(257)]) expect(() => topics.subscribe(member, name)).toThrow("1 to 256");
    topics.subscribe(member, "a");
    topics.subscribe(member, "x".repeat(256));
    topics.subscribe(member, "a");
    expect(() => topics.subscribe(member, "b\x1b")).toThrow('"b\\u001b" as a connection may have 2 topics');
    topics.unsubscribe(member, "a");
    topics.subscribe(member, "b");
    expect(delivered(topics, "b")).toEqual([1]);
  });

  test("a delivery that makes a member leave and publishes itself leaves nobody out", () => {
    const topics = new Topics<Member>(subscriberSettings());
    const members = [1, 2, 3].map((id) => new Member(id));
    for (const member of members) topics.subscribe(member, "news");
    const seen: string[] = [];
    topics.publish("news", HELLO, undefined, ({ id }) => {
      seen.push(`${id}`);
      if (id !== 1) return;
      topics.leave(members[0]!);
      topics.publish("news", HELLO, undefined, (member) => seen.push(`again ${member.id}`));
    });
    expect(seen).toEqual(["1", "again 2", "again 3", "2", "3"]);
  });

  test("what throws in a delivery leaves the topic as it was", () => {
    const topics = new Topics<Member>(subscriberSettings());
    const [one, two] = [new Member(1), new Member(2)];
    for (const member of [one, two]) topics.subscribe(member, "news");
    const fail = () => {
      topics.leave(one);
      throw new Error("no");
    };
    expect(() => topics.publish("news", HELLO, undefined, fail)).toThrow("no");
    expect(delivered(topics, "news")).toEqual([2]);
  });
});

/** What a delivery does before the next member's turn; `publish` goes one level deep. */
type Act = { do: "subscribe" | "unsubscribe" | "leave" | "publish"; member: number; topic: number };

const MEMBERS = 5;
const TOPICS = 3;
const act: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom(
    ...new Array(8).fill("subscribe" as const),
    "unsubscribe",
    "unsubscribe",
    "leave",
    "publish",
    "publish",
  ),
  member: fc.nat(MEMBERS - 1),
  topic: fc.nat(TOPICS - 1),
});

/** Topics beside a model of sets; every message is held to the model's rule. */
class World {
  subscriptions = 0;
  readonly topics = new Topics<Member>(subscriberSettings(), (change) => {
    this.subscriptions += change;
  });
  readonly members = Array.from({ length: MEMBERS }, (_, id) => new Member(id));
  readonly model = Array.from({ length: TOPICS }, () => new Set<number>());
  readonly inside: Act[];
  /** Messages on their way: who may still get each. Whoever leaves is struck off, who comes back too. */
  readonly #due: { topic: number; ids: Set<number> }[] = [];

  constructor(inside: Act[]) {
    this.inside = [...inside];
  }

  perform({ do: what, member: id, topic }: Act): void {
    const member = this.members[id]!;
    if (what === "publish") this.publish(topic, id);
    else if (what === "subscribe") {
      this.topics.subscribe(member, `t${topic}`);
      this.model[topic]!.add(id);
    } else if (what === "unsubscribe") {
      this.topics.unsubscribe(member, `t${topic}`);
      this.#forget(id, topic);
    } else {
      this.topics.leave(member);
      for (let each = 0; each < TOPICS; each++) this.#forget(id, each);
    }
    this.agrees();
  }

  publish(topic: number, publisher: number): void {
    const due = { topic, ids: new Set(this.model[topic]) };
    due.ids.delete(publisher);
    this.#due.push(due);
    const deliver = ({ id }: Member) => {
      expect(due.ids.delete(id)).toBe(true); // once, and only whom it is for
      const next = this.#due.length <= 2 ? this.inside.pop() : undefined;
      if (next !== undefined) this.perform(next);
    };
    this.topics.publish(`t${topic}`, HELLO, this.members[publisher], deliver);
    expect([...due.ids]).toEqual([]); // nobody was left out
    this.#due.pop();
  }

  agrees(): void {
    expect(this.subscriptions).toBe(this.model.reduce((sum, ids) => sum + ids.size, 0));
    for (const [topic, ids] of this.model.entries()) expect(this.topics.countOf(`t${topic}`)).toBe(ids.size);
    for (const { id, mailbox } of this.members) {
      const expected = this.model.flatMap((ids, topic) => (ids.has(id) ? [`t${topic}`] : []));
      expect((mailbox?.topics ?? []).map(({ name }) => name).sort()).toEqual(expected);
      for (const [slot, { members, slots }] of (mailbox?.topics ?? []).entries()) {
        expect(members[mailbox!.places[slot]!] as Member).toBe(this.members[id]!);
        expect(slots[mailbox!.places[slot]!]).toBe(slot);
      }
    }
    if (this.#due.length === 0) expect(this.topics.size).toBe(this.model.filter((ids) => ids.size > 0).length);
  }

  #forget(id: number, topic: number): void {
    this.model[topic]!.delete(id);
    for (const due of this.#due) if (due.topic === topic) due.ids.delete(id);
  }
}

test("whatever happens within a delivery, each message reaches whom it is for, once", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), fc.array(act, { maxLength: 80 }), (outside, inside) => {
      const world = new World(inside);
      for (const each of outside) world.perform(each);
    }),
    { numRuns: Number(process.env.TENK_RUNS ?? 2000) },
  );
});
