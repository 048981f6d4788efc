import { byMarker, messageMarkerFinder, type ReplyFinder } from "../message/mod.ts";

/** Which of the messages that come back are answers. What it remembers of a connection is `ints` integers, 0 at first. */
export interface AnswerFinder {
  readonly ints: number;
  /** A piece of a message came. */
  content(state: Int32Array, bytes: Uint8Array, from: number, to: number): void;
  /** The message is complete. @returns how many of ours it answers */
  message(state: Int32Array): number;
}

/** What is sent at a time is answered when so many messages have come back: an echo returns each of them. */
export function byOrder(messages: number): AnswerFinder {
  return {
    ints: messages > 1 ? 1 : 0,
    content() {},
    message(state) {
      if (messages <= 1) return 1;
      state[0] = (state[0]! + 1) % messages;
      return state[0] === 0 ? 1 : 0;
    },
  };
}

/** Every occurrence of a text answers a message; the first `skip` on each connection answer none. */
export function byText(text: Uint8Array, skip = 0): AnswerFinder {
  return within(byMarker(text, skip));
}

/** Every message marker answers a message. */
export function byMessageMarker(): AnswerFinder {
  return within(messageMarkerFinder());
}

/** Finds replies in messages, never across two of them. */
function within(finder: ReplyFinder): AnswerFinder {
  return {
    ints: 1 + finder.intsPerConnection,
    content(state, bytes, from, to) {
      state[0]! += finder.count(state, 1, bytes.subarray(from, to));
    },
    message(state) {
      const found = state[0]!;
      state[0] = 0;
      // How much of a text has been found; what was skipped stays known.
      state[1] = 0;
      return found;
    },
  };
}
