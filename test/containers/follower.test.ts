import { expect, test } from "bun:test";
import { type Container, containerTrouble, EngineFollower, type FollowOptions } from "../../src/containers/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { FakeEngine, idOf } from "./fake-engine.ts";

const PATIENT_MS = 20_000;
const FAST = { debounceMs: 5, backOffMs: 10, maxBackOffMs: 50, timeoutMs: 2000 };

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENT_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function following(
  engine: FakeEngine,
  work: (follower: EngineFollower, log: ReturnType<typeof keptLog>) => Promise<void>,
  options: Partial<FollowOptions> = {},
): Promise<void> {
  const log = keptLog();
  const follower = new EngineFollower({ socket: engine.socket, log, onContainers() {}, ...FAST, ...options });
  follower.start();
  try {
    await work(follower, log);
  } finally {
    follower.stop();
  }
}

test("each event leads to a list, a burst of them to few, and labelled containers are asked about once", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  fake.containers = [
    { id: idOf("a"), name: "web", labels: { "tenk.name": "web" } },
    { id: idOf("b"), name: "db" },
  ];
  const seen: (readonly Container[])[] = [];
  await following(
    fake,
    async (follower) => {
      await until("followed", () => follower.version !== undefined && fake.streams === 1);
      for (let at = 0; at < 500; at++) fake.event("exec_create: sh");
      fake.change([...fake.containers, { id: idOf("c"), name: "new" }], "start", idOf("c"));
      for (let at = 0; at < 500; at++) fake.event("die", idOf("c"));
      await until("seen", () => seen.at(-1)?.length === 3);
      expect(follower.counts.events).toBe(501);
      expect(follower.counts.lists).toBeLessThan(20);
      expect(fake.asked.filter((path) => path.includes(idOf("a")))).toHaveLength(1);
      expect(fake.asked.filter((path) => path.includes(idOf("b")))).toHaveLength(0);
    },
    { onContainers: (containers) => void seen.push(containers) },
  );
  await until("ended", () => fake.streams === 0);
});

test("an engine that goes away is logged once, found again, and listed again; what was known stays", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  fake.containers = [{ id: idOf("a"), name: "web" }];
  await following(fake, async (follower, log) => {
    await until("followed", () => follower.version !== undefined);
    await fake.stop();
    await until("lost", () => follower.version === undefined);
    await until("asked again", () => follower.counts.failures > 3);
    expect(follower.containers.map(({ name }) => name)).toEqual(["web"]);
    fake.containers = [];
    await fake.start();
    await until("followed again", () => follower.version !== undefined);
    expect(follower.containers).toEqual([]);
    expect(log.lines.map(([level, message]) => `${level} ${message}`)).toEqual([
      "info container engine followed",
      "warn container engine does not answer",
      "info container engine followed",
    ]);
  });
});

test("a stream that says nothing any more is found by the next list", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  await following(
    fake,
    async (follower) => {
      await until("followed", () => follower.version !== undefined);
      fake.containers = [{ id: idOf("a"), name: "web" }];
      await until("listed", () => follower.containers.length === 1);
    },
    { relistMs: 30 },
  );
});

test("an engine that hangs is lost, and found when it answers again", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  await following(
    fake,
    async (follower) => {
      await until("followed", () => follower.version !== undefined);
      fake.answers.set("/containers/json", () => {});
      fake.event("start");
      await until("lost", () => follower.version === undefined);
      expect(follower.reason).toContain("100 ms");
      fake.answers.clear();
      await until("followed again", () => follower.version !== undefined);
    },
    { timeoutMs: 100 },
  );
});

test("an event that is too long, or no JSON, is counted, and leads to a list all the same", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  await following(fake, async (follower) => {
    await until("followed", () => fake.streams === 1 && follower.version !== undefined);
    const { lists } = follower.counts;
    fake.event({ text: `{"a":"${"x".repeat(100_000)}"}\nnot json\n\n` });
    await until("counted", () => follower.counts.unreadable === 2);
    await until("listed", () => follower.counts.lists > lists);
  });
});

test("whoever stopped a container is known, and a crash is none; memory that ran out is the reason", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  const web = { id: idOf("a"), name: "web", labels: { "tenk.port": "80" } };
  await following(fake, async (follower) => {
    await until("followed", () => fake.streams === 1 && follower.version !== undefined);
    const now = () => follower.containers[0]!;
    const ended = { ...web, state: "exited", exitCode: 137 };
    fake.event("oom", web.id);
    fake.change([ended], "die", web.id);
    await until("dead", () => follower.containers[0]?.state === "exited");
    expect(containerTrouble(now())).toBe("container web exited with 137: out of memory (docker logs web)");
    expect(follower.wasStopped(now())).toBe(false);
    fake.change([web], "start", web.id);
    await until("up", () => now().state === "running");
    // A signal that ends nothing.
    fake.event("kill", web.id, { signal: "1" });
    fake.change([ended], "die", web.id);
    await until("dead again", () => now().state === "exited");
    expect(follower.wasStopped(now())).toBe(false);
    fake.event("stop", web.id);
    await until("stopped", () => follower.wasStopped(now()) === true);
  });
});

test("Podman does not tell who ended a container, so its exit code alone says whether it crashed", async () => {
  await using fake = new FakeEngine();
  fake.headers = { "Libpod-Api-Version": "4.3.1" };
  await fake.start();
  const web = { id: idOf("a"), name: "web", labels: { "tenk.port": "80" } };
  fake.containers = [web];
  await following(fake, async (follower) => {
    await until("followed", () => fake.streams === 1 && follower.version !== undefined);
    fake.change([{ ...web, state: "exited", exitCode: 143 }], "died", web.id);
    await until("ended", () => follower.containers[0]?.state === "exited");
    expect(follower.wasStopped(follower.containers[0]!)).toBeUndefined();
  });
});
