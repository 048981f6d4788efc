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
  /** Before the first heading an error has no file. */
  #file = newFile("");
  readonly #files = [this.#file];
  #block: string[] = [];
  #rest = "";
  #isOver = false;

  /** @param text the next piece of the output, split anywhere */
  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  /** @returns the files in which anything failed, in order */
  files(): readonly FileResult[] {
    return this.#files.filter(({ errors }) => errors.length > 0);
  }

  #line(line: string): void {
    if (this.#isOver) return;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const plain = line.replace(/\x1b\[[0-9;]*m/g, "");
    if (plain.startsWith("  ^ ") && this.#block.length === 0) {
      const last = this.#file.errors.pop();
      if (last !== undefined) this.#file.errors.push(`${last}\n${line}`);
      return;
    }
    if (/^\S.*\.test\.tsx?:$/.test(plain)) {
      this.#keepOutside();
      this.#file = newFile(plain.slice(0, -1));
      this.#files.push(this.#file);
    } else if (/^\((pass|skip|todo)\) /.test(plain)) {
      this.#file[plain.startsWith("(pass)") ? "passed" : "skipped"] += 1;
      this.#block = [];
    } else if (plain.startsWith("(fail) ")) this.#keep(line);
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
    this.#file.errors.push([`${this.#file.file}:`, ...this.#block.slice(-MOST_LINES_EACH), line].join("\n"));
    this.#block = [];
  }

  #keepOutside(): void {
    const block = this.#block;
    this.#block = [];
    if (!block.some((line) => /Unhandled error between tests/.test(line))) return;
    this.#block = block;
    this.#file.outside += 1;
    this.#keep("(fail) outside of any test");
  }
}

/** What `bun test` said of one file. */
export interface FileResult {
  readonly file: string;
  passed: number;
  skipped: number;
  /** Errors outside of any test; they are in `errors` too. */
  outside: number;
  /** One text for each failed test. */
  readonly errors: string[];
}

function newFile(file: string): FileResult {
  return { file, passed: 0, skipped: 0, outside: 0, errors: [] };
}
