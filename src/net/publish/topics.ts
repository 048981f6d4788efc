import { TenkError } from "../../base/mod.ts";
import { Mailbox } from "./mailbox.ts";
import type { SubscriberSettings } from "./settings.ts";

const MAX_NAME_CHARACTERS = 256;

/** Can subscribe. `Topics` gives it a mailbox at its first subscription, and takes it away when it leaves. */
export interface Subscriber {
  mailbox: Mailbox | undefined;
}

/** A topic that has members, packed so that ten thousand of them are one walk over one array. */
export interface Topic<Member extends Subscriber = Subscriber> {
  readonly name: string;
  /** undefined = left while a message was on its way to the members. */
  readonly members: (Member | undefined)[];
  /** Beside each member: where its mailbox has this topic. */
  readonly slots: number[];
  /** Messages on their way right now: more than one where a delivery itself publishes. */
  publishing: number;
  holes: number;
}

/**
 * Topic → members, on one event loop. A topic exists while it has members, so what people subscribe to bounds it.
 *
 * ```text
 *   topic.members  [ a ][ b ][ c ]        mailbox.topics  [ news ][ chat ]
 *   topic.slots    [ 0 ][ 1 ][ 0 ]        mailbox.places  [  7   ][  1   ]      each points at the other, so that joining
 *                         └───────────────────────────────────────── b ┘        and leaving are O(1), and no map is asked
 * ```
 *
 * A subscription costs those four places, 32 bytes; a first one also the mailbox, about 200. Delivering allocates nothing.
 */
export class Topics<Member extends Subscriber> {
  readonly #topics = new Map<string, Topic<Member>>();
  readonly #settings: SubscriberSettings;
  readonly #counted: (change: 1 | -1) => void;

  /** @param counted called for each subscription that begins or ends; a member in two topics has two */
  constructor(settings: SubscriberSettings, counted: (change: 1 | -1) => void = () => {}) {
    this.#settings = settings;
    this.#counted = counted;
  }

  /** Topics with members. */
  get size(): number {
    return this.#topics.size;
  }

  /** Members of one topic. */
  countOf(name: string): number {
    const topic = this.#topics.get(name);
    return topic === undefined ? 0 : topic.members.length - topic.holes;
  }

  /**
   * Does nothing for a topic the member has. A member must `leave` before it is forgotten, and not subscribe after that.
   *
   * @throws {TenkError} `invalid-option` for a name that is empty or longer than 256 characters, and above `maxTopics`
   */
  subscribe(member: Member, name: string): void {
    mustBeName(name);
    member.mailbox ??= new Mailbox(this.#settings);
    const { topics, places } = member.mailbox;
    if (slotOf(member.mailbox, name) >= 0) return;
    if (topics.length >= this.#settings.maxTopics) throw tooManyTopics(name, this.#settings.maxTopics);
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { name, members: [], slots: [], publishing: 0, holes: 0 };
      this.#topics.set(name, topic);
    }
    topic.slots.push(topics.length);
    places.push(topic.members.length);
    topic.members.push(member);
    topics.push(topic);
    this.#counted(1);
  }

  /** Messages that wait in the member's mailbox stay there. */
  unsubscribe(member: Member, name: string): void {
    const { mailbox } = member;
    if (mailbox === undefined) return;
    const slot = slotOf(mailbox, name);
    if (slot < 0) return;
    const topic = mailbox.topics[slot] as Topic<Member>;
    const place = mailbox.places[slot]!;
    this.#removeTopic(mailbox, slot);
    this.#removeMember(topic, place);
  }

  /** Unsubscribes from everything and takes the mailbox away: O(topics of the member). */
  leave(member: Member): void {
    const { mailbox } = member;
    if (mailbox === undefined) return;
    member.mailbox = undefined;
    for (const [slot, topic] of mailbox.topics.entries()) {
      this.#removeMember(topic as Topic<Member>, mailbox.places[slot]!);
    }
    mailbox.topics.length = 0;
    mailbox.places.length = 0;
    mailbox.clear();
  }

  /**
   * Calls `deliver` once for each member but `except`. It may close, subscribe, unsubscribe or publish as it likes: a member
   * that has left by its turn gets nothing, one that joins gets the next message. An empty message is nobody's.
   *
   * @param bytes shared by all who let it wait: must not change afterwards
   * @returns how many members it was delivered to
   */
  publish(
    name: string,
    bytes: Uint8Array,
    except: Member | undefined,
    deliver: (member: Member, bytes: Uint8Array) => void,
  ): number {
    const topic = this.#topics.get(name);
    if (topic === undefined || bytes.length === 0) return 0;
    const { members } = topic;
    const end = members.length; // it does not shrink while we publish, and who joins stands behind
    let delivered = 0;
    topic.publishing += 1;
    try {
      for (let place = 0; place < end; place++) {
        const member = members[place];
        if (member === undefined || member === except) continue;
        delivered += 1;
        deliver(member, bytes);
      }
    } finally {
      topic.publishing -= 1;
      if (topic.publishing === 0 && topic.holes > 0) this.#closeHoles(topic);
    }
    return delivered;
  }

  #removeTopic({ topics, places }: Mailbox, slot: number): void {
    const lastTopic = topics.pop()!;
    const lastPlace = places.pop()!;
    if (slot === topics.length) return;
    topics[slot] = lastTopic;
    places[slot] = lastPlace;
    lastTopic.slots[lastPlace] = slot;
  }

  #removeMember(topic: Topic<Member>, place: number): void {
    const { members, slots } = topic;
    this.#counted(-1);
    if (topic.publishing > 0) {
      // If the last member moved here during a delivery, it would get the message twice or never.
      members[place] = undefined;
      topic.holes += 1;
      return;
    }
    const lastMember = members.pop()!;
    const lastSlot = slots.pop()!;
    if (place < members.length) {
      members[place] = lastMember;
      slots[place] = lastSlot;
      lastMember.mailbox!.places[lastSlot] = place;
    }
    if (members.length === 0) this.#topics.delete(topic.name);
  }

  #closeHoles(topic: Topic<Member>): void {
    const { members, slots } = topic;
    let to = 0;
    for (const [place, member] of members.entries()) {
      if (member === undefined) continue;
      const slot = slots[place]!;
      members[to] = member;
      slots[to] = slot;
      member.mailbox!.places[slot] = to;
      to += 1;
    }
    members.length = to;
    slots.length = to;
    topic.holes = 0;
    if (to === 0) this.#topics.delete(topic.name);
  }
}

/** A member has few topics: a walk is cheaper than a map for each of ten thousand members. */
function slotOf({ topics }: Mailbox, name: string): number {
  for (let slot = 0; slot < topics.length; slot++) if (topics[slot]!.name === name) return slot;
  return -1;
}

function mustBeName(name: string): void {
  if (name.length > 0 && name.length <= MAX_NAME_CHARACTERS) return;
  throw new TenkError(
    "invalid-option",
    `Cannot subscribe as a topic must have 1 to ${MAX_NAME_CHARACTERS} characters: this one has ${name.length}`,
  );
}

function tooManyTopics(name: string, maxTopics: number): TenkError {
  return new TenkError(
    "invalid-option",
    `Cannot subscribe to ${JSON.stringify(name)} as a connection may have ${maxTopics} topics: it has them`,
    { hint: "raise subscribers.maxTopics" },
  );
}
