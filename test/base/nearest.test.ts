import { expect, test } from "bun:test";
import { fileProblemOf, messageOf, nearest, systemCodeOf, TenkError } from "../../src/base/mod.ts";

test("nearest returns the closest word, and undefined when none is close", () => {
  expect(nearest("listne", ["listen", "handler"])).toBe("listen");
  expect(nearest("HANDLR", ["listen", "handler"])).toBe("handler");
  expect(nearest("zebra", ["listen", "handler"])).toBeUndefined();
  expect(nearest("x".repeat(1e6), ["listen"])).toBeUndefined();
});

test("errors keep code, hint and cause, and anything thrown has a message", () => {
  const cause = Object.assign(new Error("bind"), { code: "EADDRINUSE" });
  const error = new TenkError("port-in-use", "Cannot listen", { cause, hint: "choose another" });
  expect(error).toMatchObject({ code: "port-in-use", hint: "choose another", cause });
  expect(systemCodeOf(cause)).toBe("EADDRINUSE");
  expect(systemCodeOf(error)).toBeUndefined();
  expect(messageOf("text")).toBe("text");
});

test.each([
  ["ENOSPC", "the disk is full"],
  ["EROFS", "its file system is read-only"],
  ["EISDIR", "it is a directory"],
  ["EIO", "EIO: i/o error, write"],
])("a file's %s is told as: %s", (code, words) => {
  expect(fileProblemOf(Object.assign(new Error(`${code}: i/o error, write`), { code }))).toBe(words);
});
