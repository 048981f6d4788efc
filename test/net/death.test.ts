import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, until } from "./support.ts";

test("the death of the process in the middle of an answer is a reset, not a clean end", async () => {
  const program = spawn(process.execPath, [join(import.meta.dirname, "death-program.ts")], { stdio: ["ignore", "pipe", "inherit"] }); // biome-ignore format: one thought
  try {
    const lines = createInterface({ input: program.stdout });
    const [port] = (await once(lines, "line")) as [string];
    const client = await new Client(Number(port)).connected();
    client.socket.pause();
    const written = once(lines, "line");
    client.socket.write("?");
    const [said] = (await written) as [string];
    expect(Number(said.split(" ")[1])).toBeGreaterThan(0);
    program.kill("SIGKILL");
    await once(program, "exit");
    client.socket.resume();
    await until(() => client.closed);
    expect([client.errorCode, client.bytes < 16_000_000]).toEqual(["ECONNRESET", true]);
  } finally {
    program.kill("SIGKILL");
  }
});
