import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../../net/support.ts";

/** Serves on a port in a process of its own, as boxes do, until it is ended. */
async function served(port: number): Promise<Disposable & { said: string }> {
  const source = join(import.meta.dirname, "../../../src/app/admin/serve.ts");
  const program = `const { serveHttp } = await import(${JSON.stringify(source)});
    const log = { info() {}, warn() {}, error() {}, debug() {} };
    try {
      console.log((await serveHttp("127.0.0.1", ${port}, async () => new Response(), log)).port);
    } catch (error) {
      console.log(error.code);
    }`;
  const { NODE_ENV, ...env } = process.env;
  const child = spawn(process.execPath, ["-e", program], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { said: said.toString().trim(), [Symbol.dispose]: () => void child.kill("SIGKILL") };
}

test("the dashboard's port is not shared with another instance", async () => {
  // Asked for by its number, as the port that boxes have unless told otherwise.
  const port = await freePort();
  using first = await served(port);
  using second = await served(port);
  expect([first.said, second.said]).toEqual([String(port), "port-in-use"]);
});
