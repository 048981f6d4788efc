import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Deployment } from "../../src/net/worker/deployment.ts";
import { ThreadPool } from "../../src/net/worker/thread-pool.ts";
import { until, workerThreads } from "./support.ts";

const module = new URL("./toy-program.ts", import.meta.url).href;

type Step = { readonly does: "start" | "fail" | "stop" | "crash" | "restart"; readonly which: number };

const step = fc.record({
  does: fc.constantFrom<Step["does"]>("start", "start", "fail", "stop", "crash", "crash", "restart"),
  which: fc.nat(1000),
});

function deploymentOf(pool: ThreadPool, name: string, start: object): Deployment {
  return pool.deployment({ name, module, startMessage: () => ({ name, ...start }), receive() {}, ended() {} });
}

/** Does it without waiting for what comes of it, but for a start. */
async function take(pool: ThreadPool, running: Deployment[], { does, which }: Step): Promise<void> {
  const deployment = running[which % running.length];
  const life = deployment?.lives().filter((each) => each?.hasStarted)[0];
  if (does === "start") {
    const fresh = deploymentOf(pool, `toy ${which}`, {});
    // A thread that another's crash ends meanwhile takes it along.
    await fresh.start(1 + (which % 3)).then(() => running.push(fresh), () => {}); // biome-ignore format: one thought
  }
  if (does === "fail") await deploymentOf(pool, "bad", { refuse: true }).start(2).catch(() => {}); // biome-ignore format: one thought
  if (does === "stop" && deployment !== undefined) {
    running.splice(running.indexOf(deployment), 1);
    void deployment.stop(which % 20);
  }
  if (does === "crash") life?.post("crash");
  if (does === "restart" && life) deployment!.restart(life);
}

test("whatever starts, stops and crashes in whatever order, what was not stopped runs, and no thread is left", async () => {
  const before = workerThreads();
  const steps = fc.array(step, { minLength: 5, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (size, each) => {
      const pool = new ThreadPool(size);
      const running: Deployment[] = [];
      for (const one of each) await take(pool, running, one);
      const runs = () => running.every((toy) => toy.lives().every((life) => life?.hasStarted));
      await until(runs, 20_000);
      for (const toy of running) expect(new Set(toy.threads()).size).toBe(toy.lives().length);
      await Promise.all(running.map((toy) => toy.stop(0)));
      await until(() => pool.count === 0);
    }),
    { numRuns: 6 },
  );
  await until(() => workerThreads() <= before);
}, 120_000);
