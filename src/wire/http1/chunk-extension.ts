import { FIELD_VALUE, TOKEN } from "./characters.ts";

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const NAME_START = 0;
const NAME = 1;
const VALUE_START = 2;
const TOKEN_VALUE = 3;
const QUOTED = 4;
const ESCAPED = 5;
const QUOTED_END = 6;

/**
 * Checks the extensions of one size line byte by byte (RFC 9112 §7.1.1), without the optional blanks. The grammar matters although the
 * content does not: a reader that takes a CRLF in quotes for text would see another chunk than one that does not.
 */
export class ChunkExtension {
  #state = NAME_START;

  /** Starts behind the first `;`. */
  begin(): void {
    this.#state = NAME_START;
  }

  /** True where the line may end. */
  get mayEnd(): boolean {
    return this.#state === NAME || this.#state === TOKEN_VALUE || this.#state === QUOTED_END;
  }

  /** Takes the next byte. Returns false when it is not allowed there. */
  take(byte: number): boolean {
    switch (this.#state) {
      case NAME_START:
      case VALUE_START:
        return this.#takeFirst(byte);
      case NAME:
        if (byte !== EQUALS) return TOKEN[byte] !== 0 || this.#takeSemicolon(byte);
        this.#state = VALUE_START;
        return true;
      case TOKEN_VALUE:
        return TOKEN[byte] !== 0 || this.#takeSemicolon(byte);
      case QUOTED:
        if (byte === QUOTE) this.#state = QUOTED_END;
        else if (byte === BACKSLASH) this.#state = ESCAPED;
        return FIELD_VALUE[byte] === 1;
      case ESCAPED:
        this.#state = QUOTED;
        return FIELD_VALUE[byte] === 1;
      default:
        return this.#takeSemicolon(byte);
    }
  }

  #takeFirst(byte: number): boolean {
    if (byte === QUOTE && this.#state === VALUE_START) {
      this.#state = QUOTED;
      return true;
    }
    this.#state = this.#state === NAME_START ? NAME : TOKEN_VALUE;
    return TOKEN[byte] !== 0;
  }

  #takeSemicolon(byte: number): boolean {
    this.#state = NAME_START;
    return byte === SEMICOLON;
  }
}
