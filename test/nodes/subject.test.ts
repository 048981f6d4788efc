import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeToken, encodeToken, Subjects } from "../../src/nodes/subject.ts";

test("any text is a token without blanks, dots and wildcards, and comes back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      const token = encodeToken(text);
      expect(token).toMatch(/^[A-Za-z0-9_%-]+$/);
      expect(decodeToken(token)).toBe(text);
    }),
  );
});

test.each([
  ["room", "room"],
  ["room.1", "room%2E1"],
  ["a b*>", "a%20b%2A%3E"],
  ["%2E", "%252E"],
  ["ü", "%C3%BC"],
])("the topic %j is the token %s", (topic, token) => expect(encodeToken(topic)).toBe(token));

test.each(["", "a.b", "%2e", "%", "%4", "%41", "%FF", "a b", "*"])("%j is no token that is ever made", (token) =>
  expect(decodeToken(token)).toBeUndefined(),
);

test("a subject has the listener and the topic, and a topic that is too long is none", () => {
  const subjects = new Subjects("tenk");
  expect(subjects.of("chat", "room.1")).toBe("tenk.chat.room%2E1");
  expect(subjects.topicOf("tenk.chat.room%2E1")).toBe("room.1");
  expect(subjects.topicOf(`tenk.chat.${"a".repeat(257)}`)).toBeUndefined();
  // The longest line of the protocol that a server takes by default has 4096 bytes.
  expect(subjects.of("a".repeat(40), "\u{1F600}".repeat(128)).length).toBeLessThan(2048);
});
