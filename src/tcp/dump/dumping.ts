import { escapeBytes, TenkError } from "../../base/mod.ts";
import { addressRanges, type CloseReason, type Connection, type Handler, tapConnection } from "../../net/mod.ts";
import { type DumpFormat, formatChunk, formatClock, linesOfChunk } from "./format.ts";
import { LineBudget } from "./line-budget.ts";

export interface DumpOptions {
  /** Escaped text on one line, or rows of hex with text beside. @default {"text"} */
  format?: DumpFormat;
  /** Bytes shown of one chunk; the number of the others is shown. @default {256} */
  maxBytesPerLine?: number;
  /** Lines printed in a second on each event loop; then one line says how many were not. @default {1000} */
  linesPerSecond?: number;
  /** Colour by direction: what comes in is cyan, what goes out yellow. @default {false} */
  colour?: boolean;
  /** Only these clients: addresses, ranges such as `10.0.0.0/8`, or `unix`. @default all */
  filter?: readonly string[];
  /** Gets a line, or the lines of one chunk, without the last end of line. @default standard error */
  print?: (text: string) => void;
  /** Wall-clock milliseconds. @default Date.now */
  now?: () => number;
}

const COLOURS = { "<": 36, ">": 33, "+": 2, "-": 2 } as const;
type Sign = keyof typeof COLOURS;

const encoder = new TextEncoder();

/**
 * A handler that does what `handler` does while what goes through its connections is printed: a line for each read (`<`),
 * each write and published message (`>`), each open (`+`) and close (`-`).
 *
 * ```text
 *   12:34:56.789 #7 192.0.2.1:51000 < 7 bytes hello\r\n
 * ```
 *
 * Connections that `filter` leaves out get `handler` itself and cost nothing.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * const dumped = dumping({ chunk: (connection, bytes) => connection.write(bytes) }, { format: "hex" });
 */
export function dumping<Data>(handler: Handler<Data>, options: DumpOptions = {}): Handler<Data> {
  const dump = new Dump<Data>(options);
  const own: Handler<Data> = {
    open(connection) {
      if (dump.wants(connection)) dump.opened(connection);
      else connection.handler = handler;
      return handler.open?.(connection);
    },
    close(connection, reason, cause) {
      dump.closed(connection, reason);
      return handler.close?.(connection, reason, cause);
    },
    stopped() {
      dump.stopped();
      return handler.stopped?.();
    },
  };
  // Everything else is the handler's own, whatever it has: its framing, and its methods with itself as `this`.
  return new Proxy(Object.create(handler) as Handler<Data>, {
    get(_, key) {
      if (Object.hasOwn(own, key)) return own[key as keyof Handler<Data>];
      const value: unknown = Reflect.get(handler, key, handler);
      return typeof value === "function" ? value.bind(handler) : value;
    },
  });
}

/** What one event loop prints. */
class Dump<Data> {
  readonly #format: DumpFormat;
  readonly #mostBytes: number;
  readonly #isColoured: boolean;
  readonly #matches: (address: string) => boolean;
  readonly #print: (text: string) => void;
  readonly #now: () => number;
  readonly #budget: LineBudget;
  /** The name of each connection, kept because a closed socket has forgotten its port. */
  readonly #names = new Map<Connection<Data>, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DumpOptions) {
    const { format = "text", maxBytesPerLine = 256, linesPerSecond = 1000, colour = false, filter } = options;
    if (format !== "text" && format !== "hex") throw refused("format", "text or hex", format);
    mustBeWhole("maxBytesPerLine", maxBytesPerLine);
    mustBeWhole("linesPerSecond", linesPerSecond);
    this.#format = format;
    this.#mostBytes = maxBytesPerLine;
    this.#isColoured = colour;
    this.#matches = filter === undefined ? () => true : addressRanges(filter);
    this.#print = options.print ?? ((text) => process.stderr.write(`${text}\n`));
    this.#now = options.now ?? Date.now;
    this.#budget = new LineBudget(linesPerSecond);
  }

  wants(connection: Connection<Data>): boolean {
    return this.#matches(connection.remoteAddress);
  }

  opened(connection: Connection<Data>): void {
    const name = `#${connection.id} ${addressOf(connection)}`;
    this.#names.set(connection, name);
    this.#line(name, "+", "open");
    tapConnection(connection, {
      received: (bytes) => this.#chunk(name, "<", bytes),
      sent: (bytes) => this.#chunk(name, ">", bytes),
    });
  }

  closed(connection: Connection<Data>, reason: CloseReason): void {
    const name = this.#names.get(connection);
    if (name === undefined) return;
    this.#names.delete(connection);
    const { bytesRead, bytesWritten } = connection;
    this.#line(name, "-", `closed: ${reason}, ${bytesRead} bytes in, ${bytesWritten} bytes out`);
  }

  stopped(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#printMissed(Number.POSITIVE_INFINITY);
  }

  #line(name: string, sign: Sign, text: string): void {
    const nowMs = this.#now();
    if (this.#takes(nowMs, 1)) this.#printLine(sign, `${formatClock(nowMs)} ${name} ${sign} ${text}`);
  }

  #chunk(name: string, sign: Sign, bytes: Uint8Array): void {
    const nowMs = this.#now();
    // Checked before the text is made, so that above the bound a chunk costs next to nothing.
    if (!this.#takes(nowMs, linesOfChunk(bytes.length, this.#format, this.#mostBytes))) return;
    const before = `${formatClock(nowMs)} ${name} ${sign}`;
    this.#printLine(sign, formatChunk(before, bytes, this.#format, this.#mostBytes));
  }

  #takes(nowMs: number, lines: number): boolean {
    this.#printMissed(nowMs);
    if (this.#budget.takes(nowMs, lines)) return true;
    // If no chunk follows, the timer prints the number.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#printMissed(Number.POSITIVE_INFINITY);
    }, 1000).unref();
    return false;
  }

  #printMissed(nowMs: number): void {
    const missed = this.#budget.missed(nowMs);
    if (missed > 0) this.#print(`${formatClock(this.#now())} … ${missed} ${missed === 1 ? "line" : "lines"} not shown`);
  }

  #printLine(sign: Sign, text: string): void {
    this.#print(this.#isColoured ? `\x1b[${COLOURS[sign]}m${text}\x1b[0m` : text);
  }
}

/** Behind a PROXY header a Unix client's address is a path of its own choice. */
function addressOf({ remoteAddress, remotePort }: Pick<Connection, "remoteAddress" | "remotePort">): string {
  if (remoteAddress === "") return "unix";
  const address = escapeBytes(encoder.encode(remoteAddress), { utf8: true });
  return address.includes(":") ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
}

function mustBeWhole(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw refused(name, "a whole number ≥ 1", value);
}

function refused(name: string, expected: string, value: unknown): TenkError {
  return new TenkError("invalid-option", `Cannot dump as ${name} must be ${expected}: current value is ${value}`);
}
