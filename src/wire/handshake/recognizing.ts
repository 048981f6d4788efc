import { HeadBuffer } from "../head-buffer.ts";
import { type Handshake, type HandshakeStep, NOTHING, up } from "./dialogue.ts";
import { beginHandshake, HANDSHAKE_KINDS, type HandshakeKind } from "./kinds.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { recognizeGreeting } from "./recognize.ts";

const INCOMPLETE = { state: "incomplete" } as const;
/** A greeting without a line's end is known by its first bytes, of which a first chunk may have too few. */
const ENOUGH_BYTES = 12;
const LF = 10;

/** A handshake with a service of unknown kind. */
export interface RecognizingHandshake extends Handshake {
  /** What the service was recognised as. */
  readonly kind: HandshakeKind | undefined;
  /** Returns the next step after the service said nothing for a while. */
  silent(): HandshakeStep;
}

/**
 * Begins a handshake by listening: what the service says first decides in which protocol it goes on, on the same connection, so that
 * nobody logs a client that left without a word. A service that says nothing is asked as `guess`, if there is one. One that is not
 * recognised is up.
 */
export function recognizingHandshake(
  guess: HandshakeKind | undefined,
  options: HandshakeOptions = {},
): RecognizingHandshake {
  return new Recognizing(guess, options);
}

class Recognizing implements RecognizingHandshake {
  readonly hello = NOTHING;
  kind: HandshakeKind | undefined;
  readonly #guess: HandshakeKind | undefined;
  readonly #options: HandshakeOptions;
  readonly #buffer = new HeadBuffer();
  #inner: Handshake | undefined;
  #isGuessed = false;
  #hasHeard = false;

  constructor(guess: HandshakeKind | undefined, options: HandshakeOptions) {
    this.#guess = guess;
    this.#options = options;
  }

  receive(chunk: Uint8Array): HandshakeStep {
    this.#hasHeard = true;
    if (this.#inner !== undefined) return this.#judged(this.#inner.receive(chunk));
    const bytes = this.#buffer.add(chunk);
    if (bytes.length < ENOUGH_BYTES && !bytes.includes(LF)) {
      this.#buffer.keep(bytes);
      return INCOMPLETE;
    }
    return this.#begin(recognizeGreeting(bytes), bytes);
  }

  silent(): HandshakeStep {
    if (this.#inner !== undefined) return this.#isGuessed && !this.#hasHeard ? this.#unrecognized() : INCOMPLETE;
    if (this.#hasHeard || this.#guess === undefined) return this.#unrecognized();
    this.#inner = beginHandshake(this.#guess, this.#options);
    this.#isGuessed = true;
    this.kind = this.#guess;
    return { state: "send", bytes: this.#inner.hello };
  }

  ended(): HandshakeOutcome {
    if (this.#inner !== undefined && !this.#isGuessed) return this.#inner.ended();
    if (!this.#hasHeard && !this.#isGuessed) return { state: "down", reason: "closed", facts: {} };
    this.kind = undefined;
    return up().outcome;
  }

  #begin(kind: ReturnType<typeof recognizeGreeting>, bytes: Uint8Array): HandshakeStep {
    this.kind = HANDSHAKE_KINDS.find((each) => each === kind);
    if (this.kind === undefined) return this.#unrecognized();
    this.#inner = beginHandshake(this.kind, this.#options);
    return this.#inner.receive(bytes);
  }

  /** A port that another kind usually has proves nothing: what answers otherwise is something else, and is up. */
  #judged(step: HandshakeStep): HandshakeStep {
    const isOther = this.#isGuessed && step.state === "done" && step.outcome.reason === "wrong-protocol";
    return isOther ? this.#unrecognized() : step;
  }

  #unrecognized(): HandshakeStep {
    this.kind = undefined;
    return { state: "done", ...up() };
  }
}
