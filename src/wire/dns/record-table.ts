/** Sections of a message. Questions are kept with the records: they are records without TTL and data. */
export const Section = { question: 0, answer: 1, authority: 2, additional: 3 } as const;

/** Numbers of one record in the table. */
const STRIDE = 6;

/**
 * Records of a message as places in its bytes, six numbers each and no object. A table serves one message after the other.
 *
 * ```text
 *   nameAt                      ttlAt                 rdataFrom   rdataTo
 *   │ www.a, or a pointer │ type │ class │ TTL │ length │ …         │
 * ```
 */
export class RecordTable {
  readonly #numbers: Int32Array;
  count = 0;

  /** @param maxRecords records that fit, questions among them */
  constructor(maxRecords: number) {
    this.#numbers = new Int32Array(maxRecords * STRIDE);
  }

  get maxRecords(): number {
    return this.#numbers.length / STRIDE;
  }

  /** Returns false where the table is full. */
  add(section: number, nameAt: number, type: number, recordClass: number, rdataFrom: number, rdataTo: number): boolean {
    const numbers = this.#numbers;
    const place = this.count * STRIDE;
    if (place >= numbers.length) return false;
    numbers[place] = section;
    numbers[place + 1] = nameAt;
    numbers[place + 2] = type;
    numbers[place + 3] = recordClass;
    numbers[place + 4] = rdataFrom;
    numbers[place + 5] = rdataTo;
    this.count += 1;
    return true;
  }

  section(index: number): number {
    return this.#numbers[index * STRIDE]!;
  }

  /** Where the owner's name begins; it may be compressed. */
  nameAt(index: number): number {
    return this.#numbers[index * STRIDE + 1]!;
  }

  type(index: number): number {
    return this.#numbers[index * STRIDE + 2]!;
  }

  class(index: number): number {
    return this.#numbers[index * STRIDE + 3]!;
  }

  rdataFrom(index: number): number {
    return this.#numbers[index * STRIDE + 4]!;
  }

  rdataTo(index: number): number {
    return this.#numbers[index * STRIDE + 5]!;
  }

  /** Where the TTL is, of a record that is no question. */
  ttlAt(index: number): number {
    return this.rdataFrom(index) - 6;
  }
}
