import type { Database } from "bun:sqlite";
import { CorruptFileError } from "./schema.ts";
import type { Labels, SeriesName } from "./types.ts";

/** Further series are not written: a label with ever new values must not fill the disk. */
const MAX_SERIES = 10_000;
const DAY_MS = 86_400_000;

interface Known extends SeriesName {
  readonly id: number;
  /** The last day on which it was written. */
  day: number;
}

/** Names and numbers of all series in a file. */
export class SeriesTable {
  readonly #database: Database;
  readonly #byKey = new Map<string, Known>();
  readonly #onFull: () => void;
  #forgottenBefore = 0;

  /** @param onFull called for each series that is left out at the limit */
  constructor(database: Database, onFull: () => void) {
    this.#database = database;
    this.#onFull = onFull;
    this.reload();
  }

  /**
   * Reads the table again, after a transaction was rolled back.
   *
   * @throws {CorruptFileError} for a row that is not a series
   */
  reload(): void {
    this.#byKey.clear();
    const rows = this.#database.query("SELECT id, name, labels, type, day FROM series ORDER BY id").values();
    for (const [id, name, labels, type, day] of rows) {
      if (typeof name !== "string" || typeof labels !== "string" || (type !== "counter" && type !== "gauge"))
        throw new CorruptFileError(`expected a series, not ${name} ${labels} ${type}`);
      this.#byKey.set(name + labels, { id: Number(id), name, labels: labelsOf(labels), type, day: Number(day) });
    }
  }

  /** Returns the number of a series, creating it if needed; undefined at the limit. */
  idOf({ name, labels, type }: SeriesName, atMs: number): number | undefined {
    const text = JSON.stringify(labels);
    const known = this.#byKey.get(name + text);
    const day = Math.floor(atMs / DAY_MS);
    if (known !== undefined) {
      if (day > known.day) this.#seen(known, day);
      return known.id;
    }
    if (this.#byKey.size >= MAX_SERIES) {
      this.#onFull();
      return undefined;
    }
    const insert = this.#database.query(
      "INSERT INTO series (name, labels, type, day) VALUES (?, ?, ?, ?) RETURNING id",
    );
    const { id } = insert.get(name, text, type, day) as { id: number };
    this.#byKey.set(name + text, { id, name, labels, type, day });
    return id;
  }

  #seen(series: Known, day: number): void {
    this.#database.query("UPDATE series SET day = ? WHERE id = ?").run(day, series.id);
    series.day = day;
  }

  /** Deletes series that were last written before `oldestMs`. Does nothing when called again for the same day. */
  forgetBefore(oldestMs: number): void {
    const day = Math.floor(oldestMs / DAY_MS);
    if (day === this.#forgottenBefore) return;
    const { changes } = this.#database.query("DELETE FROM series WHERE day < ?").run(day);
    this.#forgottenBefore = day;
    if (changes > 0) this.reload();
  }

  matching(name: string, labels: Labels): Known[] {
    return this.all().filter(
      (each) => each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value),
    );
  }

  all(): Known[] {
    return [...this.#byKey.values()];
  }
}

function labelsOf(text: string): Labels {
  try {
    const labels: unknown = JSON.parse(text);
    if (isLabels(labels)) return labels;
  } catch {}
  throw new CorruptFileError(`expected the labels of a series, not ${text.slice(0, 100)}`);
}

function isLabels(value: unknown): value is Labels {
  return typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string");
}
