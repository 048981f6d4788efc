/** A relay whose wire loses, delays and is cut, and whose targets are killed and frozen: nobody is deceived, nothing is left. */
import { afterEach, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { CloseReason } from "../../src/net/mod.ts";
import { until } from "../net/support.ts";
import { BadWire, canHaveBadWire } from "./bad-wire.ts";
import type { Outcome } from "./fault-clients.ts";
import { cleanUp, later, openSockets, relayProcess } from "./relay-support.ts";

afterEach(cleanUp);

/** How long each fault lasts; `TENK_FAULT_MS=20000` for a long run. */
const FAULT_MS = Number(process.env.TENK_FAULT_MS ?? 500);
const AT_ONCE = 40;
/** For what must be seen in the end, on however busy a machine. */
const TIMEOUT_MS = 20_000;
/** Longer than what a connection takes in peace. */
const SLICE_MS = 250;
const HEALTH = { failures: 3, backOffMs: 100, maxBackOffMs: 400 };

type Outcomes = Partial<Record<Outcome, number>>;

/** What was seen while a fault lasted. */
interface Seen {
  readonly whole: number;
  readonly reasons: ReadonlySet<string>;
}

interface Clients {
  child: ChildProcess;
  /** How those ended that began since the last call. */
  outcomes(): Promise<Outcomes>;
}

function program(namespace: string, file: string, ...words: (string | number)[]): ChildProcess {
  const all = ["netns", "exec", namespace, process.execPath, join(import.meta.dirname, file), ...words.map(String)];
  const child = spawn("ip", all, { stdio: ["pipe", "pipe", "inherit"] });
  later(() => child.kill("SIGKILL"));
  return child;
}

async function target(wire: BadWire): Promise<{ child: ChildProcess; address: string }> {
  const child = program(wire.far, "fault-target.ts", wire.farAddress);
  const [port] = await once(child.stdout!, "data");
  return { child, address: `${wire.farAddress}:${Number(String(port))}` };
}

function clients(wire: BadWire, port: number, seed: number): Clients {
  const child = program(wire.near, "fault-clients.ts", port, seed, AT_ONCE);
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]() as AsyncIterator<string, string>;
  return {
    child,
    async outcomes() {
      child.stdin!.write("\n");
      return JSON.parse((await lines.next()).value);
    },
  };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function faults(seed: number): Promise<void> {
  const wire = new BadWire(seed);
  later(() => wire.close());
  const [steady, killed, stopped] = await Promise.all([target(wire), target(wire), target(wire)]);
  const targets = [steady.address, killed.address, stopped.address];
  const times = { connectTimeoutMs: 600, finishMs: 2000, stallMs: 1200 };
  const relaying = await relayProcess({ targets, health: HEALTH, ...times }, ["ip", "netns", "exec", wire.near]);
  const socketsBefore = openSockets(relaying.pid);
  const states = async () => (await relaying.status()).report.targets.map(({ state }) => state);
  const running = clients(wire, relaying.port, seed);
  let before = (await relaying.status()).closed;
  /** What happened since it was asked last. */
  const look = async () => {
    const outcomes = await running.outcomes();
    const { closed } = await relaying.status();
    const reasons = Object.keys(closed).filter(
      (reason) => closed[reason as CloseReason] > before[reason as CloseReason],
    );
    before = closed;
    return { outcomes, reasons };
  };
  /** Looks again and again, as long as the fault lasts and until what must be seen has been; a busy machine takes its time. */
  const during = async (
    what: string,
    isSeen: (seen: Seen) => boolean | Promise<boolean> = ({ whole }) => whole > 0,
  ) => {
    const [begun, seen] = [performance.now(), { what, whole: 0, short: 0, reasons: new Set<string>() }];
    const isOver = async (forMs: number) => {
      if (forMs < FAULT_MS) return false;
      return forMs > FAULT_MS + TIMEOUT_MS || (await isSeen(seen));
    };
    do {
      await wait(SLICE_MS);
      const { outcomes, reasons } = await look();
      seen.whole += outcomes.whole ?? 0;
      seen.short += outcomes.short ?? 0;
      for (const reason of reasons) seen.reasons.add(reason);
    } while (!(await isOver(performance.now() - begun)));
    if (process.env.TENK_FAULT_MS) console.log(seen);
    return { ...seen, reasons: [...seen.reasons] };
  };
  const peace = ["peer"];
  const isPeace = ({ reasons }: { reasons: readonly string[] }) => String(reasons) === String(peace);
  /**
   * What a fault has held up ends in its own time, maybe after others that went well, and may put a target down once more: three
   * slices without that are calm.
   */
  const recovered = async (wanted: string) => {
    const deadline = performance.now() + TIMEOUT_MS;
    for (let calm = 0; calm < 3 && performance.now() < deadline; ) {
      await wait(SLICE_MS);
      calm = isPeace(await look()) && String(await states()) === wanted ? calm + 1 : 0;
    }
  };

  expect(await during("nothing")).toMatchObject({ short: 0, whole: expect.any(Number), reasons: peace });

  Object.assign(wire, { lossPercent: 5, delayMs: 25 });
  const lossy = await during("loss of 5 %, 50 ms there and back");
  expect([lossy.whole > 0, lossy.short]).toEqual([true, 0]);
  // Where a packet was lost again and again, silence became too long for this test's short patience.
  expect([...peace, "handler", "idle", "no-target", "reset"]).toEqual(expect.arrayContaining(lossy.reasons));
  Object.assign(wire, { lossPercent: 0, delayMs: 0 });
  await recovered("up,up,up");

  // What its kernel says for it is a reset, or, where it had read everything, a FIN like any other: `short` may be.
  killed.child.kill("SIGKILL");
  const sudden = await during("a target killed", async () => String(await states()) === "up,down,up");
  expect(await states()).toEqual(["up", "down", "up"]);
  expect(sudden.reasons).toEqual(expect.arrayContaining([...peace, "target"]));
  expect([...peace, "handler", "target"]).toEqual(expect.arrayContaining(sudden.reasons));
  await recovered("up,down,up");
  expect(await during("one target less")).toMatchObject({ short: 0, reasons: peace });

  // It still takes connections, as far as its kernel has room for them, and says nothing.
  stopped.child.kill("SIGSTOP");
  const frozen = await during("a target frozen", ({ whole, reasons }) => whole > 0 && reasons.has("idle"));
  expect([frozen.whole > 0, frozen.short, frozen.reasons.includes("no-target")]).toEqual([true, 0, false]);
  expect(frozen.reasons).toContain("idle");
  stopped.child.kill("SIGCONT");

  wire.isCut = true;
  const areDown = async () => String(await states()) === "down,down,down";
  const cut = await during("the wire cut", async ({ reasons }) => reasons.has("no-target") && (await areDown()));
  expect([await states(), cut.short]).toEqual([["down", "down", "down"], 0]);
  expect(cut.reasons).toContain("no-target");
  wire.isCut = false;
  await recovered("up,down,up");
  expect(await during("the wire mended")).toMatchObject({ short: 0, reasons: peace });

  running.child.stdin!.end();
  await once(running.child, "exit");
  await everythingGone(relaying, socketsBefore);
}

async function everythingGone(relaying: Awaited<ReturnType<typeof relayProcess>>, sockets: number): Promise<void> {
  const deadline = performance.now() + 8000;
  let status = await relaying.status();
  while (status.active > 0 && performance.now() < deadline) {
    await wait(20);
    status = await relaying.status();
  }
  const { active, closed, report } = status;
  expect({ active, pairs: report.pairs, left: report.targets.map((each) => each.active) }).toEqual({
    active: 0,
    pairs: 0,
    left: [0, 0, 0],
  });
  await until(() => openSockets(relaying.pid) === sockets);
  if (process.env.TENK_FAULT_MS) console.log(closed, report.targets);
  const reasons = Object.entries(closed).flatMap(([reason, count]) => (count > 0 ? [reason] : []));
  // Ended in peace, left by its client, killed target, silent after a FIN, none to be reached.
  expect(["peer", "handler", "idle", "no-target", "reset", "target"]).toEqual(expect.arrayContaining(reasons));
}

if (canHaveBadWire()) {
  test(
    "loss, delay, a cut wire, a killed and a frozen target",
    () => faults(Date.now() % 2 ** 32),
    120_000 + 10 * FAULT_MS,
  );
} else {
  test.skipIf(process.env.CI !== "true")("faults cannot be tried: needs root, ip and TUN", () => {
    throw new Error("root, ip (iproute2) or /dev/net/tun is missing");
  });
}
