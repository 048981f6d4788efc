/** A test that fails with pages of output must not push the other names out of a truncated log. */
const MOST_LINES_EACH = 60;

/**
 * Extracts the failed tests from the output of `bun test`: the file, the error, the name.
 *
 * ```
 * test/net/pool.test.ts:        the file's heading
 * (pass) one [1.00ms]           ends the text before it, which is dropped
 * error: expect(…)…             ┐
 * (fail) two [2.00ms]           ┘ kept, as one piece
 *   ^ this test timed out…      kept, and lines about it that follow
 * ```
 *
 * An error outside of any test comes before a heading or the summary; its first words identify it, and it is kept too.
 */
export class Failures {
  readonly #kept: string[] = [];
  #file = "";
  #block: string[] = [];
  #rest = "";
  #isOver = false;

  /** @param text the next piece of the output, split anywhere */
  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  /** @returns one text for each failed test, in order, with its file */
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

  /** Stops, since the lines after the summary name the same tests again. */
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
