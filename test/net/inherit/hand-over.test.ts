import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askByDatagram, hammer } from "./clients.ts";

const PROGRAM = join(import.meta.dirname, "program.ts");

/** Starts the program, puts it under load, has it replaced, and says what the clients saw. */
async function replaced(mode: "pass" | "bind", workers: string, then: string) {
  const folder = mkdtempSync(join(tmpdir(), "tenk-inherit-"));
  const path = join(folder, "x.sock");
  const child = Bun.spawn([process.execPath, PROGRAM, mode, path, workers], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = child.stdout.getReader();
  const read = async () => JSON.parse(Buffer.from((await lines.read()).value!).toString());
  const stop = new AbortController();
  let next: { pid: number } | undefined;
  try {
    const first = await read();
    const clients = [
      hammer({ port: first.tcp }, stop.signal),
      hammer({ port: first.wide }, stop.signal),
      hammer({ port: first.wide }, stop.signal),
      hammer({ path }, stop.signal),
      askByDatagram(first.udp, stop.signal),
    ];
    await Bun.sleep(200);
    child.stdin.write(`replace ${then}\n`);
    child.stdin.flush();
    next = await read();
    await Bun.sleep(200);
    stop.abort();
    const seen = await Promise.all(clients);
    return { first: String(first.pid), next: String(next!.pid), seen, hasFile: existsSync(path) };
  } finally {
    stop.abort();
    child.kill();
    if (next !== undefined) process.kill(next.pid);
    await child.exited;
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ["1", "1"],
  ["2", "2"],
  ["2", "1"],
  ["1", "3"],
])("with %s event loops before and %s after nothing is refused, reset or lost", async (before, after) => {
  const { first, next, seen, hasFile } = await replaced("pass", before, after);
  for (const each of seen) {
    expect(each.failures).toEqual([]);
    expect(each.seen.get(first)).toBeGreaterThan(0);
    expect(each.seen.get(next)).toBeGreaterThan(0);
  }
  expect(hasFile).toBe(true);
});

test("without the sockets clients are refused, so that the test above can fail", async () => {
  const { seen } = await replaced("bind", "1", "1");
  expect(seen.flatMap(({ failures }) => failures).length).toBeGreaterThan(0);
});
