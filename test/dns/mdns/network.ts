import type { Log, LogFields } from "../../../src/base/mod.ts";
import { Responder } from "../../../src/dns/mdns/responder.ts";
import type { Peer } from "../../../src/dns/mdns/transport.ts";
import type { Published } from "../../../src/dns/mdns/zone.ts";
import { expandName } from "../../../src/wire/dns/compressed-name.ts";
import {
  Message,
  MessageWriter,
  nameText,
  parseName,
  parseRdata,
  parseType,
  RecordType,
  rdataText,
  readMessage,
  Section,
  typeName,
} from "../../../src/wire/dns/mod.ts";

/** A datagram that was sent on the simulated network. */
export interface Sent {
  readonly atMs: number;
  readonly from: string;
  /** Of one client; undefined where it was multicast. */
  readonly to: Peer | undefined;
  readonly bytes: Uint8Array;
}

/** A message as text: `answer box.local A! 120 192.0.2.1`, with `!` for the bit in the class. */
export function linesOf(bytes: Uint8Array): string[] {
  const message = new Message();
  if (!readMessage(message, bytes, 0, bytes.length)) throw new Error(`malformed: ${message.refusal}`);
  const { records } = message;
  const name = new Uint8Array(255);
  return Array.from({ length: records.count }, (_, index) => {
    const section = records.section(index);
    expandName(bytes, 0, bytes.length, records.nameAt(index), name, 0);
    const bit = records.class(index) & 0x8000 ? "!" : "";
    const start = `${SECTIONS[section]} ${nameText(name)} ${typeName(records.type(index))}${bit}`;
    if (section === Section.question) return start;
    const data = rdataText(records.type(index), 1, bytes, 0, records.rdataFrom(index), records.rdataTo(index));
    return `${start} ${message.ttl(bytes, index)} ${data}`;
  });
}

const SECTIONS = ["question", "answer", "authority", "additional"];

/** A link with responders on it, whose time is a number: nothing waits. */
export class Network {
  nowMs = 1_000_000;
  readonly sent: Sent[] = [];
  readonly logged: (LogFields & { readonly message: string })[] = [];
  readonly #machines: { responder: Responder; address: string; link: string; segment: number }[] = [];
  readonly #log: Log = {
    debug: () => {},
    info: () => {},
    warn: (message, fields) => void this.logged.push({ message, ...fields }),
    error: () => {},
  };

  /** @param random a number: always the same, so that all delays are known @default {0} */
  machine(address: string, published: Published, random: number | (() => number) = 0): Responder {
    const responder = new Responder({ log: this.#log, random: typeof random === "number" ? () => random : random });
    responder.publish(published, this.nowMs);
    this.join(responder, "eth0", address);
    return responder;
  }

  /** One more interface of a machine, on this network or on another one. */
  join(responder: Responder, link: string, address: string, segment = 0): void {
    this.#machines.push({ responder, address, link, segment });
    const own = this.#machines.filter((machine) => machine.responder === responder);
    responder.setOwnAddresses(own.map((machine) => bytesOf(machine.address)));
    responder.addLink(
      {
        name: link,
        addresses: [bytesOf(address)],
        isOnLink: (other) => other.startsWith("192.0.2."),
        senders: [
          { maxBytes: 1440, isOpen: true, send: (bytes, to) => this.#deliver(segment, address, bytes.slice(), to) },
        ],
      },
      this.nowMs,
    );
  }

  /** Takes a machine off the network, without a goodbye. */
  leave(responder: Responder): void {
    for (const machine of this.#machines.filter((each) => each.responder === responder))
      this.#machines.splice(this.#machines.indexOf(machine), 1);
  }

  /** Sends a datagram from an address that no responder has. */
  send(bytes: Uint8Array, peer: Peer = { address: "192.0.2.99", port: 5353 }): void {
    for (const { responder, link } of [...this.#machines]) responder.receive(link, 0, bytes, peer, this.nowMs);
    this.run(0);
  }

  /** Lets time pass, from one deadline to the next. */
  run(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let rounds = 0; ; rounds++) {
      if (rounds > 100_000) throw new Error("the network does not become quiet");
      const dueMs = Math.min(...this.#machines.map(({ responder }) => responder.dueMs));
      if (dueMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      for (const { responder } of [...this.#machines]) responder.tick(this.nowMs);
    }
    this.nowMs = endMs;
  }

  /** Returns what was sent since the last call. */
  take(): Sent[] {
    return this.sent.splice(0);
  }

  /** The same as text. */
  takeLines(): string[] {
    return this.take().flatMap(({ bytes }) => linesOf(bytes));
  }

  #deliver(segment: number, from: string, bytes: Uint8Array, to: Peer | undefined): boolean {
    this.sent.push({ atMs: this.nowMs, from, to, bytes });
    if (to !== undefined) return true;
    for (const machine of [...this.#machines])
      if (machine.segment === segment)
        machine.responder.receive(machine.link, 0, bytes, { address: from, port: 5353 }, this.nowMs);
    return true;
  }
}

/** IPv4 alone. */
export function bytesOf(address: string): Uint8Array {
  return Uint8Array.from(address.split("."), Number);
}

/** `answer box.local A! 120 192.0.2.1`, as `linesOf` returns it. */
export function messageOf(lines: readonly string[], flags = 0, id = 0): Uint8Array {
  const writer = new MessageWriter();
  const buffer = new Uint8Array(20_000);
  writer.begin(buffer, 0, buffer.length);
  writer.header(id, flags);
  for (const line of lines) {
    const [section = "", name = "", typeText = "", ttl = "", ...data] = line.split(" ");
    const type = parseType(typeText.replace("!", ""))!;
    const recordClass = typeText.endsWith("!") ? 0x8001 : 1;
    if (section === "question") writer.question(parseName(name)!, 0, type, recordClass);
    else {
      const rdata = parseRdata(type, data.join(" "));
      writer.record(
        SECTIONS.indexOf(section),
        parseName(name)!,
        0,
        type,
        recordClass,
        Number(ttl),
        rdata,
        0,
        rdata.length,
      );
    }
  }
  return buffer.slice(0, writer.finish());
}

export const RESPONSE = 0x8400;
export const TRUNCATED = 0x0200;
export const { any: ANY } = RecordType;

export const BOX: Published = { hosts: [{ name: "box.local" }], services: [] };
export const GIT: Published = {
  hosts: [{ name: "box.local" }, { name: "git.local" }],
  services: [{ instance: "git", type: "_http._tcp", host: "git.local", port: 80, text: ["path=/"] }],
};
