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
const HEALTH = { failures: 3, backOffMs: 100, maxBackOffMs: 400 };

type Outcomes = Partial<Record<Outcome, number>>;

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
  const times = { connectTimeoutMs: 300, finishMs: 1200, stallMs: 600 };
  const relaying = await relayProcess({ targets, health: HEALTH, ...times }, ["ip", "netns", "exec", wire.near]);
  const socketsBefore = openSockets(relaying.pid);
  const states = async () => (await relaying.status()).report.targets.map(({ state }) => state);
  const running = clients(wire, relaying.port, seed);
  let before = (await relaying.status()).closed;
  const during = async (what: string, ms = FAULT_MS) => {
    await wait(ms);
    const outcomes = await running.outcomes();
    const { closed } = await relaying.status();
    const reasons = Object.entries(closed).filter(([reason, count]) => count > before[reason as CloseReason]);
    before = closed;
    if (process.env.TENK_FAULT_MS) console.log(what, outcomes, Object.fromEntries(reasons));
    return { what, short: 0, ...outcomes, reasons: reasons.map(([reason]) => reason) };
  };

  const peace = ["peer"];
  expect(await during("nothing")).toEqual({ what: "nothing", short: 0, whole: expect.any(Number), reasons: peace });

  Object.assign(wire, { lossPercent: 5, delayMs: 25 });
  const lossy = await during("loss of 5 %, 50 ms there and back");
  expect([lossy.whole! > 0, lossy.short]).toEqual([true, 0]);
  // Where a packet was lost again and again, silence became too long for this test's short patience.
  expect([...peace, "handler", "idle", "no-target", "reset"]).toEqual(expect.arrayContaining(lossy.reasons));
  Object.assign(wire, { lossPercent: 0, delayMs: 0 });
  await during("the last of the loss");

  // What its kernel says for it is a reset, or, where it had read everything, a FIN like any other: `short` may be.
  killed.child.kill("SIGKILL");
  const sudden = await during("a target killed", FAULT_MS / 2);
  expect(await states()).toEqual(["up", "down", "up"]);
  expect(sudden.reasons).toEqual(expect.arrayContaining([...peace, "target"]));
  expect([...peace, "handler", "target"]).toEqual(expect.arrayContaining(sudden.reasons));
  expect(await during("one target less")).toMatchObject({ short: 0, reasons: peace });

  // It still takes connections, as far as its kernel has room for them, and says nothing.
  stopped.child.kill("SIGSTOP");
  const frozen = await during("a target frozen", FAULT_MS + 1000);
  expect([frozen.whole! > 0, frozen.short, frozen.reasons.includes("no-target")]).toEqual([true, 0, false]);
  expect(frozen.reasons).toContain("idle");
  stopped.child.kill("SIGCONT");

  wire.isCut = true;
  const cut = await during("the wire cut", FAULT_MS + 2000);
  expect([await states(), cut.short]).toEqual([["down", "down", "down"], 0]);
  expect(cut.reasons).toContain("no-target");
  wire.isCut = false;
  await wait(1800);
  await during("the last of the cut", 0);
  expect(await during("the wire mended")).toMatchObject({ whole: expect.any(Number), short: 0, reasons: peace });

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
    60_000 + 10 * FAULT_MS,
  );
} else {
  test.skipIf(process.env.CI !== "true")("faults cannot be tried: needs root, ip and TUN", () => {
    throw new Error("root, ip (iproute2) or /dev/net/tun is missing");
  });
}
