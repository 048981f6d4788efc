import { expect, test } from "bun:test";
import { IssueError } from "../../src/certificates/mod.ts";

test("an issue error says which step failed, what to do and when to try again", () => {
  const error = new IssueError("new order", "The CA answered 429: too many certificates", {
    fix: "wait",
    retryAfterMs: 60_000,
    cause: new Error("429"),
  });
  expect(error).toBeInstanceOf(Error);
  expect([error.step, error.fix, error.retryAfterMs, (error.cause as Error).message]).toEqual([
    "new order",
    "wait",
    60_000,
    "429",
  ]);
});
