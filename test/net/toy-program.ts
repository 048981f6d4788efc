import { threadId } from "node:worker_threads";
import type { Program } from "../../src/net/worker/program.ts";

/** Does what it is told, on a thread of the pool: something to deploy that is no listener. */
export async function deploy(start: unknown, post: (message: unknown) => void): Promise<Program> {
  const { name, refuse, quit, slowMs } = start as { name: string; refuse?: boolean; quit?: boolean; slowMs?: number };
  if (slowMs !== undefined) await new Promise((resolve) => setTimeout(resolve, slowMs));
  if (refuse) throw new Error(`${name} does not start`);
  if (quit) process.exit(1);
  return {
    receive(message) {
      if (message === "crash")
        setTimeout(() => { throw new Error("crashed on purpose"); }); // biome-ignore format: one thought
      else if (message === "hold") for (;;);
      else post(`${name} got ${message}`);
    },
    handle: (request) => (request === "thread" ? threadId : `${name} ${request}`),
    stop: (graceMs) => (graceMs === 0 || name !== "lingering" ? Promise.resolve() : new Promise(() => {})),
  };
}
