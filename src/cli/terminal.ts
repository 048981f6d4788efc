type Environment = Readonly<Record<string, string | undefined>>;

/** Returns whether a terminal understands escape codes; a dumb one (an editor's shell, a serial console) prints them. */
export function canDraw({ isTTY }: Pick<Screen, "isTTY">, environment: Environment = process.env): boolean {
  return isTTY === true && environment.TERM !== "dumb";
}

/** A part of the interface of `process.stderr`. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Lines that scroll, above a block that stays at the bottom and is redrawn in place. Logs and the live view share one terminal, so
 * that neither overwrites the other:
 *
 * ```text
 *   12:00:01.002 INFO app up …        ← line()
 *   connections 10k of 10k ████       ← pin([...])
 *   sent 100k/s                       ←
 * ```
 */
export class Terminal {
  readonly screen: Screen;
  readonly #environment: Environment;
  #pinned: readonly string[] = [];

  constructor(screen: Screen, environment: Environment = process.env) {
    this.screen = screen;
    this.#environment = environment;
  }

  get isLive(): boolean {
    return canDraw(this.screen, this.#environment);
  }

  get columns(): number {
    return this.screen.columns || 80;
  }

  line(text: string): void {
    this.screen.write(`${this.#erase()}${text}\n${this.#drawn()}`);
  }

  /** Replaces the block. Its lines must fit the width, since a wrapped line could not be erased again. */
  pin(lines: readonly string[]): void {
    const erased = this.#erase();
    this.#pinned = lines;
    this.screen.write(erased + this.#drawn());
  }

  /** Removes the block. */
  unpin(): void {
    if (this.#pinned.length > 0) this.pin([]);
  }

  #erase(): string {
    return this.#pinned.length === 0 ? "" : `\x1b[${this.#pinned.length}A\r\x1b[J`;
  }

  #drawn(): string {
    return this.#pinned.map((line) => `${line}\n`).join("");
  }
}

/** Gets logs, the live view and errors; results go to standard output. */
export const stderr = new Terminal(process.stderr);

/** Wraps text in an SGR colour when the terminal shows colours. https://no-color.org */
export type Paint = (text: string) => string;

const CODES = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

export type Paints = Readonly<Record<keyof typeof CODES, Paint>>;

export function paintsFor(screen: Screen, environment: Environment = process.env): Paints {
  const coloured = canDraw(screen, environment) && !environment.NO_COLOR;
  const paint = (code: number): Paint => (coloured ? (text) => `\x1b[${code}m${text}\x1b[0m` : (text) => text);
  return {
    dim: paint(CODES.dim),
    bold: paint(CODES.bold),
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    blue: paint(CODES.blue),
    cyan: paint(CODES.cyan),
  };
}
