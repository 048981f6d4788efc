/** A test that fails with pages of text must not push the others' names out of a log of which only the end is kept. */
const MOST_LINES_EACH = 60;

/**
 * Keeps, of what `bun test` says as it goes, only what belongs to tests that failed: the file, the complaint, the name.
 *
 * ```
 * test/net/pool.test.ts:        the file's heading
 * (pass) one [1.00ms]           ends what came before: forgotten
 * error: expect(…)…             ┐
 * (fail) two [2.00ms]           ┘ kept, as one piece
 *   ^ this test timed out…      and what is said of it afterwards
 * ```
 *
 * An error outside of any test comes before a heading or the summary; it is kept too, by its first words.
 */
export class Failures {
  readonly #kept: string[] = [];
  #file = "";
  #block: string[] = [];
  #rest = "";
  #isOver = false;

  /** @param text the next piece of the output, cut anywhere */
  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  /** @returns one text a failed test, in order, each with its file */
  list(): readonly string[] {
    return this.#kept;
  }

  #line(line: string): void {
    if (this.#isOver) return;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const plain = line.replace(/\x1b\[[0-9;]*m/g, "");
    if (plain.startsWith("  ^ ") && this.#block.length === 0) {
      const last = this.#kept.pop();
      if (last !== undefined) this.#kept.push(`${last}\n${line}`);
      return;
    }
    if (/^\S.*\.test\.tsx?:$/.test(plain)) {
      this.#keepOutside();
      this.#file = plain.slice(0, -1);
    } else if (/^\((pass|skip|todo)\) /.test(plain)) this.#block = [];
    else if (plain.startsWith("(fail) ")) this.#keep(line);
    else if (/^ *\d+ pass$|^\d+ tests (skipped|todo|failed):$/.test(plain)) this.#end();
    else if (line !== "" || this.#block.length > 0) this.#add(line);
  }

  /** What comes after names the same tests once more. */
  #end(): void {
    this.#keepOutside();
    this.#isOver = true;
  }

  #add(line: string): void {
    this.#block.push(line);
    if (this.#block.length > 2 * MOST_LINES_EACH) this.#block.splice(0, MOST_LINES_EACH);
  }

  #keep(line: string): void {
    this.#kept.push([`${this.#file}:`, ...this.#block.slice(-MOST_LINES_EACH), line].join("\n"));
    this.#block = [];
  }

  #keepOutside(): void {
    const block = this.#block;
    this.#block = [];
    if (!block.some((line) => /Unhandled error between tests/.test(line))) return;
    this.#block = block;
    this.#keep("(fail) outside of any test");
  }
}
