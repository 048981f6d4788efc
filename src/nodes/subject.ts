/**
 * Topics as NATS subjects: `tenk.chat.room%2E1` is the topic `room.1` of the listener `chat`. Subjects have no blanks, `.` divides them, and
 * `*` and `>` are wildcards; whatever is not a letter, a digit, `-` or `_` becomes `%` and the hexadecimal digits of its UTF-8 bytes.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Subjects that are kept: a message to a known topic makes no new one. */
const MAX_KEPT = 4096;
const MAX_TOPIC_CHARACTERS = 256;

export function encodeToken(text: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
  let token = "";
  for (const byte of encoder.encode(text)) {
    const character = String.fromCharCode(byte);
    token += /[A-Za-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return token;
}

/** Returns the text of a token; undefined for one that `encodeToken` never makes, such as a surrogate or a longer form. */
export function decodeToken(token: string): string | undefined {
  if (/^[A-Za-z0-9_-]+$/.test(token)) return token;
  if (!/^(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+$/.test(token)) return undefined;
  const bytes = Uint8Array.from(token.match(/%..|./g)!, (part) =>
    part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0),
  );
  try {
    const text = decoder.decode(bytes);
    return encodeToken(text) === token ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Subjects of one prefix. */
export class Subjects {
  readonly #prefix: string;
  readonly #kept = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Where nodes tell how far they are. No listener has this name. */
  get nodes(): string {
    return `${this.#prefix}._nodes`;
  }

  /** All topics of a listener. */
  allOf(listener: string): string {
    return `${this.#prefix}.${listener}.*`;
  }

  of(listener: string, topic: string): string {
    const key = `${listener} ${topic}`;
    let subject = this.#kept.get(key);
    if (subject === undefined) {
      subject = `${this.#prefix}.${listener}.${encodeToken(topic)}`;
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
      this.#kept.set(key, subject);
    }
    return subject;
  }

  /** Returns the topic of a subject; undefined for one that no listener can have. */
  topicOf(subject: string): string | undefined {
    const topic = decodeToken(subject.slice(subject.lastIndexOf(".") + 1));
    return topic !== undefined && topic.length <= MAX_TOPIC_CHARACTERS ? topic : undefined;
  }
}
