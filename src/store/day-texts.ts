import type { Database } from "bun:sqlite";
import { CorruptFileError } from "./schema.ts";

/** Texts of one day at most: their keys are `day * TEXTS_A_DAY + number`. */
export const TEXTS_A_DAY = 2 ** 20;
/** Texts that are remembered, so that each is stored once a day. Beyond them a text may be stored again. */
const MAX_KNOWN = 20_000;

/**
 * The texts of stored queries, by numbers that count from zero each day. So texts are only ever appended, which writes one page, and
 * are deleted with the queries of their day; a lasting dictionary would need an index, whose pages are written at random.
 */
export class DayTexts {
  readonly #database: Database;
  readonly #known = new Map<string, number>();
  #day = Number.NaN;
  #next = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Returns the number of a text, adding it if needed; null for null, and when the day is full. */
  numberOf(day: number, text: string | null): number | null {
    if (text === null) return null;
    if (day !== this.#day) this.#open(day);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const number = this.#next;
    if (number >= TEXTS_A_DAY) return null;
    this.#database.query("INSERT INTO texts VALUES (?, ?)").run(day * TEXTS_A_DAY + number, text);
    this.#next += 1;
    this.#remember(text, number);
    return number;
  }

  /** Forgets what is known, after a transaction was rolled back. */
  reload(): void {
    this.#day = Number.NaN;
  }

  #open(day: number): void {
    this.#known.clear();
    const [from, to] = [day * TEXTS_A_DAY, (day + 1) * TEXTS_A_DAY];
    const last = this.#database.query("SELECT max(id) FROM texts WHERE id >= ? AND id < ?").values(from, to)[0]?.[0];
    this.#next = last === null || last === undefined ? 0 : Number(last) - from + 1;
    const rows = this.#database.query("SELECT id, text FROM texts WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?");
    for (const [id, text] of rows.values(from, to, MAX_KNOWN / 2)) {
      if (typeof text !== "string") throw new CorruptFileError(`expected a text, not ${text}`);
      this.#known.set(text, Number(id) - from);
    }
    this.#day = day;
  }

  #remember(text: string, number: number): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(text, number);
  }
}
