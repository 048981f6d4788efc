import { afterEach, describe, expect, test } from "bun:test";
import type { Deployment } from "../../src/net/worker/deployment.ts";
import { ThreadPool } from "../../src/net/worker/thread-pool.ts";
import { until, workerThreads } from "./support.ts";

const module = new URL("./toy-program.ts", import.meta.url).href;
const deployments: Deployment[] = [];

afterEach(async () => {
  await Promise.all(deployments.splice(0).map((each) => each.stop(0)));
});

/** What was deployed, and what happened to it. */
interface Toy {
  readonly deployment: Deployment;
  readonly ended: number[];
  readonly got: unknown[];
  readonly start: Record<string, unknown>;
}

async function deployed(pool: ThreadPool, name: string, count: number, more = {}): Promise<Toy> {
  const toy = { ended: [] as number[], got: [] as unknown[], start: { name, ...more } as Record<string, unknown> };
  const options = {
    name,
    module,
    startMessage: () => toy.start,
    receive: (_: number, message: unknown) => void toy.got.push(message),
    ended: (index: number) => void toy.ended.push(index),
  };
  const deployment = pool.deployment(options);
  await deployment.start(count);
  deployments.push(deployment);
  return { ...toy, deployment, start: toy.start };
}

async function answers({ deployment }: Toy, request = "thread"): Promise<unknown[]> {
  const outcomes = await Promise.all(deployment.lives().map((life) => life?.request(request)));
  return outcomes.map((outcome) => (outcome?.kind === "answer" ? outcome.value : outcome?.kind));
}

const isBack = ({ deployment }: Toy) => deployment.lives().every((life) => life?.hasStarted);

describe("a pool of four threads", () => {
  test("carries five programs of four instances on four threads, and ends them with the last", async () => {
    const before = workerThreads();
    const pool = new ThreadPool(4);
    const toys = [];
    for (const name of ["a", "b", "c", "d", "e"]) toys.push(await deployed(pool, name, 4));
    const ids = (await Promise.all(toys.map((toy) => answers(toy)))).map((each) => each.toSorted());
    expect(new Set(ids[0]).size).toBe(4);
    expect(new Set(ids.map(String)).size).toBe(1);
    for (const { deployment } of toys.slice(1)) await deployment.stop(0);
    expect([pool.count, (await answers(toys[0]!)).toSorted()]).toEqual([4, ids[0]!]);
    await toys[0]!.deployment.stop(0);
    expect(pool.count).toBe(0);
    await until(() => workerThreads() <= before);
  });

  test("gives each the threads that carry least, and grows for one that asks for more", async () => {
    const pool = new ThreadPool(4);
    const threads = async (name: string, count: number) => (await deployed(pool, name, count)).deployment.threads();
    expect(await threads("a", 2)).toEqual([0, 1]);
    expect(await threads("b", 2)).toEqual([2, 3]);
    expect(await threads("c", 3)).toEqual([0, 1, 2]);
    expect(await threads("d", 1)).toEqual([3]);
    expect(await threads("e", 6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect((await pool.vitals()).map(({ thread, lagCounts }) => [thread, lagCounts.length])).toEqual(
      [0, 1, 2, 3, 4, 5].map((thread) => [thread, 13]),
    );
  });

  test.each([0, 1.5, 257])("cannot have %p threads", (size) => {
    expect(() => new ThreadPool(size)).toThrow("1 to 256");
  });
});

describe("a program", () => {
  test("is told and asked, each instance by itself", async () => {
    const toy = await deployed(new ThreadPool(2), "toy", 2);
    toy.deployment.lives()[1]!.post("news");
    await until(() => toy.got.length === 1);
    expect(toy.got).toEqual(["toy got news"]);
    expect(await answers(toy, "asked")).toEqual(["toy asked", "toy asked"]);
  });

  test("that does not start is told why, and leaves the others of its threads alone", async () => {
    const pool = new ThreadPool(2);
    const other = await deployed(pool, "other", 2);
    await expect(deployed(pool, "toy", 2, { refuse: true })).rejects.toThrow("toy does not start");
    expect([other.ended, await answers(other, "asked")]).toEqual([[], ["other asked", "other asked"]]);
    await other.deployment.stop(0);
    expect(pool.count).toBe(0);
  });
});

describe("a thread that ends", () => {
  test("comes back with all that it carried, each told once; other threads never notice", async () => {
    const pool = new ThreadPool(2);
    const toys = [await deployed(pool, "a", 2), await deployed(pool, "b", 2)];
    const [kept] = await answers(toys[0]!);
    toys[1]!.deployment.lives()[1]!.post("crash");
    await until(() => toys.every(({ ended }) => ended.length === 1));
    await until(() => toys.every(isBack));
    expect(toys.map(({ ended }) => ended)).toEqual([[1], [1]]);
    expect((await answers(toys[0]!))[0]).toBe(kept!);
    expect(await answers(toys[1]!)).toEqual(await answers(toys[0]!));
  });

  test("each time one of its programs starts gives that one a thread of its own", async () => {
    const pool = new ThreadPool(1);
    const [good, bad] = [await deployed(pool, "good", 1), await deployed(pool, "bad", 1)];
    bad.start.quit = true;
    bad.deployment.lives()[0]!.post("crash");
    await until(() => bad.deployment.threads()[0] === 1);
    await until(() => isBack(good));
    const seen = good.ended.length;
    const tries = bad.ended.length;
    await until(() => bad.ended.length > tries + 1);
    expect([seen, good.ended.length]).toEqual([2, 2]);
    bad.start.quit = false;
    await until(() => isBack(bad));
    expect([pool.count, good.deployment.threads(), bad.deployment.threads()]).toEqual([2, [0], [1]]);
  });
});

describe("a program that starts again as another ends its thread", () => {
  test("stays where it is: alone on the thread it does start", async () => {
    const pool = new ThreadPool(1);
    const [crashing, slow] = [await deployed(pool, "crashing", 1), await deployed(pool, "slow", 1)];
    slow.start.slowMs = 300;
    const [before] = crashing.deployment.lives();
    before!.post("crash");
    const life = (toy: Toy) => toy.deployment.lives()[0];
    await until(
      () => life(crashing) !== before && life(crashing)?.hasStarted === true && life(slow)?.hasStarted === false,
    );
    life(crashing)!.post("crash");
    await until(() => crashing.ended.length === 2);
    await until(() => isBack(crashing) && isBack(slow));
    expect([pool.count, slow.deployment.threads(), crashing.deployment.threads()]).toEqual([1, [0], [0]]);
  });
});

describe("a stop", () => {
  test("does not wait for a thread that is held up, where all that it carries stops", async () => {
    const pool = new ThreadPool(1);
    const toys = [await deployed(pool, "a", 1), await deployed(pool, "b", 1)];
    toys[0]!.deployment.lives()[0]!.post("hold");
    const beganMs = performance.now();
    await Promise.all(toys.map(({ deployment }) => deployment.stop(0)));
    expect(performance.now() - beganMs).toBeLessThan(4000);
    expect([pool.count, toys.map(({ ended }) => ended)]).toEqual([0, [[0], [0]]]);
  });

  test("of one leaves a thread that answers to the others, though it never ends itself", async () => {
    const pool = new ThreadPool(1);
    const [lingering, other] = [await deployed(pool, "lingering", 1), await deployed(pool, "other", 1)];
    await lingering.deployment.stop(1);
    expect([pool.count, other.ended, await answers(other, "asked")].flat()).toEqual([1, "other asked"]);
  });

  test("of one ends a thread that answers nobody, and the others start again", async () => {
    const pool = new ThreadPool(1);
    const [stuck, other] = [await deployed(pool, "stuck", 1), await deployed(pool, "other", 1)];
    stuck.deployment.lives()[0]!.post("hold");
    await stuck.deployment.stop(0);
    await until(() => isBack(other));
    expect([other.ended, await answers(other, "asked")].flat()).toEqual([0, "other asked"]);
  }, 20_000);

  test("a second one does not wait for the grace", async () => {
    const pool = new ThreadPool(1);
    const [lingering, other] = [await deployed(pool, "lingering", 1), await deployed(pool, "other", 1)];
    const stopped = lingering.deployment.stop(600_000);
    void lingering.deployment.stop(0);
    await stopped;
    expect([pool.count, await answers(other, "asked")].flat()).toEqual([1, "other asked"]);
  });
});
