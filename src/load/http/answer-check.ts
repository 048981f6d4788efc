import { Pattern } from "../message/mod.ts";
import type { HttpCounts } from "./counts.ts";
import type { StatusRange } from "./status-range.ts";

/** Of a body that contains the text. */
const FOUND = -1;

/** Holds answers against `--expect-status` and `--expect-body`. What it knows of a body is one number, which begins as 0. */
export class AnswerCheck {
  readonly #isExpected = new Uint8Array(600);
  readonly #text: Pattern | undefined;
  readonly #state = new Int32Array(1);

  constructor(status: readonly StatusRange[], text: Uint8Array | undefined) {
    for (const { from, to } of status) this.#isExpected.fill(1, from, to + 1);
    this.#text = text === undefined ? undefined : new Pattern(text);
  }

  /** Goes on in a piece of a body. @returns what is known of it now */
  seek(known: number, bytes: Uint8Array, from: number, to: number): number {
    if (this.#text === undefined || known === FOUND) return known;
    this.#state[0] = known;
    if (this.#text.findEnd(this.#state, 0, to === bytes.length ? bytes : bytes.subarray(0, to), from) >= 0)
      return FOUND;
    return this.#state[0]!;
  }

  judge(status: number, known: number, counts: HttpCounts): void {
    if (this.#isExpected[status] !== 1) counts.wrongStatus += 1;
    if (this.#text !== undefined && known !== FOUND) counts.wrongBody += 1;
  }
}
