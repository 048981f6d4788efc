import { expect, test } from "bun:test";
import { AnswerReader, AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { answer, nameBytesOf, query, read } from "./questions.ts";

const NOW = 1000;
const NAME = "asked100.example";
const out = new Uint8Array(65_536);

/** A reader on another thread, whose writer works at the worst moment: once a slot was found, or the answer was copied and seen to be whole. */
class InterruptedReader extends AnswerReader {
  found: () => void = () => {};
  copied: () => void = () => {};
  #isCopying = false;

  protected override slotOf(bytes: Uint8Array, question: number, nameBytes: number, variant: number): number {
    const slot = super.slotOf(bytes, question, nameBytes, variant);
    this.found();
    this.#isCopying = true;
    return slot;
  }

  protected override isAlive(position: number): boolean {
    const isAlive = super.isAlive(position);
    if (this.#isCopying) this.copied();
    this.#isCopying = false;
    return isAlive;
  }
}

function opened(): { writer: AnswerWriter; reader: InterruptedReader } {
  const writer = new AnswerWriter(new SharedArrayBuffer(8192), { seed: 5 });
  // So that the first of longer answers has its text where the asked one is.
  for (const name of ["first.example", "second.example", NAME]) writer.put(answer(name, 300, 1), NOW);
  return { writer, reader: new InterruptedReader(writer.buffer) };
}

/** @returns the last bytes of the address in the answer to `NAME`; undefined where there is none */
function ask(reader: AnswerReader): number | undefined {
  const length = reader.find(query(NAME), 0, nameBytesOf(NAME), 0, NOW, out, 0, out.length);
  return length === 0 ? undefined : read(out, NAME).last;
}

test("a reader whose slot is given to another question never gets that one's answer", () => {
  // Some of so many have the same bucket.
  for (let other = 100; other < 300; other++) {
    const { writer, reader } = opened();
    reader.found = () => {
      writer.remove(query(NAME), 12, nameBytesOf(NAME), 0);
      writer.put(answer(`other${other}.example`, 300, 2), NOW);
    };
    expect(ask(reader)).not.toBe(2);
  }
});

test("a reader at whose place another answer is put, when all was forgotten, does not take it", () => {
  const { writer, reader } = opened();
  reader.found = () => {
    writer.clear();
    writer.put(answer("other100.example", 300, 2), NOW);
  };
  expect(ask(reader)).toBeUndefined();
});

test("a reader whose answer is overwritten while it writes TTLs writes nothing behind the answer's room", () => {
  const { writer, reader } = opened();
  reader.copied = () => {
    for (let step = 0; step < 60; step++) writer.put(answer(`other${step}.example`, 300, 2, 400), NOW);
  };
  const [to, room] = [1000, 100];
  out.fill(0);
  expect(reader.find(query(NAME), 0, nameBytesOf(NAME), 0, NOW + 10, out, to, room)).toBe(0);
  expect(out.findLastIndex((byte) => byte !== 0)).toBeLessThan(to + room);
});
