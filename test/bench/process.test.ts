import { expect, test } from "bun:test";
import { freePort } from "../../bench/free-port.ts";
import { answers, isInstalled, start } from "../../bench/process.ts";

test("a process is spoken to line by line, and stopped", async () => {
  const cat = start(["cat"]);
  cat.write("one");
  expect(await cat.nextLine(5000)).toBe("one");
  const waiting = cat.nextLine(5000);
  cat.write("two");
  expect(await waiting).toBe("two");
  expect(cat.lines).toEqual(["one", "two"]);
  const never = cat.nextLine(5000).catch((error: Error) => error.message);
  await cat.stop();
  expect(await never).toContain("cat ended");
  expect(await cat.exited).toBeNull();
});

test("silence has an end", async () => {
  const cat = start(["cat"]);
  await expect(cat.nextLine(20)).rejects.toThrow("said nothing for 20 ms");
  await cat.stop();
});

test("what it complains about is kept", async () => {
  const shell = start(["sh", "-c", "echo no such thing >&2; exit 3"]);
  expect(await shell.exited).toBe(3);
  expect(shell.complaint()).toBe("no such thing");
});

test("a program that is not there ends at once", async () => {
  expect(isInstalled("no-such-program")).toBe(false);
  expect(await start(["no-such-program"]).exited).toBeNull();
});

test("a free port answers once something listens on it", async () => {
  const port = await freePort();
  expect(await answers(port, 60)).toBe(false);
  const listener = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
  expect(await answers(port, 5000)).toBe(true);
  listener.stop(true);
});
