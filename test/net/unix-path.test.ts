import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, listen } from "../../src/mod.ts";
import { until } from "./support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenk-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the file that a killed program left behind is in nobody's way", async () => {
  const path = join(folder, "left.sock");
  const listening = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", listening], { stdout: "ignore", stderr: "ignore" }).exited;
  expect(existsSync(path)).toBe(true);
  let opened = 0;
  {
    await using _server = await listen({ path }, { open: () => (opened += 1) });
    const client = await connect({ path }, {});
    await until(() => opened === 1);
    client.close();
  }
  expect(existsSync(path)).toBe(false);
});

test("a path where somebody listens, or a file that is no socket, is in use and stays as it is", async () => {
  const path = join(folder, "live.sock");
  await using _server = await listen({ path }, {});
  const file = join(folder, "notes.txt");
  writeFileSync(file, "mine");
  for (const taken of [path, file]) {
    expect(await listen({ path: taken }, {}).catch((error) => error)).toMatchObject({
      code: "port-in-use",
      hint: "stop the other program or choose another path",
    });
    expect(existsSync(taken)).toBe(true);
  }
  (await connect({ path }, {})).close();
});

test.each([
  ["", 0],
  [`/${"x".repeat(107)}`, 108],
  [`/${"ä".repeat(54)}`, 109],
])("path %p is refused for its length", async (path, length) => {
  const refusal = {
    code: "invalid-option",
    message: `Cannot use path as it must have 1 to 107 bytes: this one has ${length}`,
  };
  expect(await listen({ path }, {}).catch((error) => error)).toMatchObject(refusal);
  expect(await connect({ path }, {}).catch((error) => error)).toMatchObject(refusal);
});
