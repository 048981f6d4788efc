import { field, textOf } from "./container.ts";

/** Something that became of a container, or of the networks that it is in. */
export interface EngineEvent {
  /** `start`, `die`, `health_status`, `connect` …, as Docker names them. */
  readonly action: string;
  /** Of the container; "" where it is not about one. */
  readonly id: string;
  /** Of `kill`. */
  readonly signal: string | undefined;
}

/** Longer ones are dropped and count as one that could not be read: all labels of a container are in it. */
const MAX_LINE_BYTES = 65_536;
const NEWLINE = 10;

/** Actions that change nothing which is of interest here; a health check makes three of them each time. */
const IGNORED = /^(exec_|top|attach|detach|resize|copy|export|archive-path|extract-to-dir|commit|exec$)/;
/** Podman's words → Docker's. */
const ACTIONS: Readonly<Record<string, string>> = { died: "die", remove: "destroy" };

/** Cuts a stream of events into lines of JSON. Bounded: a line that is too long is skipped, and said to be. */
export class EventReader {
  readonly #take: (event: EngineEvent | undefined) => void;
  readonly #line = Buffer.alloc(MAX_LINE_BYTES);
  #length = 0;
  #isTooLong = false;

  constructor(take: (event: EngineEvent | undefined) => void) {
    this.#take = take;
  }

  read(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(NEWLINE, from);
      const part = bytes.subarray(from, end < 0 ? bytes.length : end);
      if (this.#length + part.length > MAX_LINE_BYTES) this.#isTooLong = true;
      if (!this.#isTooLong) {
        this.#line.set(part, this.#length);
        this.#length += part.length;
      }
      if (end < 0) return;
      this.#finish();
      from = end + 1;
    }
  }

  #finish(): void {
    const text = this.#line.toString("utf8", 0, this.#length);
    const isTooLong = this.#isTooLong;
    this.#length = 0;
    this.#isTooLong = false;
    if (isTooLong) this.#take(undefined);
    else if (text.trim() !== "") this.#parse(text);
  }

  #parse(text: string): void {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      this.#take(undefined);
      return;
    }
    const attributes = field(field(given, "Actor"), "Attributes");
    const word = textOf(field(given, "Action") ?? field(given, "status"), 100).toLowerCase();
    if (IGNORED.test(word)) return;
    const plain = word.replace(/:.*/, "");
    const isNetwork = field(given, "Type") === "network";
    const id = textOf(
      isNetwork ? field(attributes, "container") : (field(field(given, "Actor"), "ID") ?? field(given, "id")),
    );
    const signal = textOf(field(attributes, "signal"), 20) || undefined;
    this.#take({ action: ACTIONS[plain] ?? plain, id, signal });
  }
}
