import { describe, expect, test } from "bun:test";
import { hex } from "../support.ts";
import { byteByByte, talk } from "./support.ts";

function frame(method: string, payload: string): string {
  const body = method + payload;
  return `010000${(body.length / 2).toString(16).padStart(8, "0")}${body}ce`;
}

const text = (words: string) => Buffer.from(words).toString("hex");
const short = (words: string) => words.length.toString(16).padStart(2, "0") + text(words);
const long = (words: string) => words.length.toString(16).padStart(8, "0") + text(words);

/** Connection.Start as RabbitMQ has it: version 0-9, its version in a table, mechanisms, locales. */
const START = frame("000a000a", `0009${long(`\x07versionS\0\0\0\x063.10.8`)}${long("PLAIN AMQPLAIN")}${long("en_US")}`);
const TUNE = frame("000a001e", "07ff00020000003c");
const OPEN_OK = frame("000a0029", "00");
const login = { user: "me", password: "secret", database: "shop" };

describe.each(["at once", "byte by byte"])("a login to an AMQP broker, its answers %s,", (how) => {
  const talked = (answers: readonly string[], options: object = login) => {
    const chunks = answers.map((each) => hex(each));
    return talk("amqp", how === "at once" ? chunks : byteByByte(chunks), options);
  };

  test("is PLAIN, opens the virtual host and closes by the protocol", () => {
    const { sent, outcome, farewell } = talked([START, TUNE, OPEN_OK]);
    expect(outcome).toEqual({ state: "up", reason: undefined, facts: { protocol: "0-9", version: "3.10.8" } });
    expect(sent[1]).toContain(long("\0me\0secret"));
    expect(sent[1]).toContain(short("authentication_failure_close"));
    expect(sent[2]).toBe(frame("000a001f", "07ff000200000000") + frame("000a0028", `${short("shop")}0000`));
    expect(farewell).toBe(frame("000a0032", "00c80000000000"));
  });

  test("is not begun without a password", () => {
    const { sent, outcome, farewell } = talked([START], {});
    expect([outcome?.state, sent.length, farewell]).toEqual(["up", 1, ""]);
  });

  test.each([
    [[START], 403, "ACCESS_REFUSED", "password-wrong"],
    [[START, TUNE], 530, "NOT_ALLOWED - vhost none not found", "not-authorised"],
    [[START], 541, "INTERNAL_ERROR", "unavailable"],
  ] as const)("that is refused after %j says why: %d %s", (before, code, words, reason) => {
    const close = frame("000a0032", `${code.toString(16).padStart(4, "0")}${short(words)}00000000`);
    const { outcome, farewell } = talked([...before, close]);
    expect(outcome).toMatchObject({ reason, detail: `${words} (${code})` });
    expect(farewell).toBe(frame("000a0033", ""));
  });

  test.each([frame("000a0029", "00"), frame("000a001e", "07"), "08", "0100000000ffff"])(
    "ends at an answer that cannot be: %s",
    (answer) => {
      expect(talked([START, answer]).outcome?.reason).toMatch(/^(wrong-protocol|incomplete)$/);
    },
  );
});
