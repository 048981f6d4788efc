/**
 * The report's figures against the server's own log, for servers that answer, delay, drop, reset, half-close and babble as
 * a seed says. `TENK_RUNS=1000` tries so many; what fails names its seed.
 */
import { expect, test } from "bun:test";
import type { Report } from "../../src/load/mod.ts";
import { randomPlan, randomServer, type ServerLog } from "./random-servers.ts";
import { runAgainst, type Target } from "./servers.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 30);
const FIRST_SEED = Number(process.env.TENK_SEED ?? 1);
const AT_ONCE = 10;

/** What must be so of every report by itself. */
function holdIdentities({ plan, messages, latencyUs, connections, verdict }: Report): void {
  const { planned, sent, late, dropped, droppedBy, received, answered, unanswered, unexpected } = messages;
  expect({ planned, sent, received }).toEqual({
    planned: sent + dropped,
    sent: answered + unanswered,
    received: answered + unexpected,
  });
  expect(Object.values(droppedBy).reduce((sum, count) => sum + count, 0)).toBe(dropped);
  expect(Math.min(late, sent - late, answered, unanswered, ...Object.values(droppedBy))).toBeGreaterThanOrEqual(0);
  const { message, service, send, connect } = latencyUs;
  const openOf = (latency: typeof message) => latency.atLeast?.count ?? 0;
  expect([message.count, openOf(message)]).toEqual([planned, unanswered + dropped]);
  // Without a rate they are planned for the moment at which they are sent.
  const hasRate = plan.ratePerConnection > 0 || plan.totalRate > 0;
  if (hasRate) expect(send.count).toBe(planned);
  expect(service.count - openOf(service)).toBe(answered);
  expect(connect.count - openOf(connect)).toBe(connections.opened);
  if (message.atLeast) expect(message.max).toBeGreaterThanOrEqual(700_000);
  const isWhole = unanswered === 0 && unexpected === 0 && connections.lost === 0 && late + dropped <= planned / 1000;
  if (verdict.pass) expect(isWhole).toBe(true);
}

/** What the server saw: exact where nothing can be lost on the way, else what reached the other side at most. */
function holdLog({ messages, bytes, connections }: Report, log: ServerLog): void {
  const { sent, received } = messages;
  expect(log.opened).toBeGreaterThanOrEqual(connections.opened);
  expect(log.requests).toBeLessThanOrEqual(sent);
  if (!log.mayHaveUnread) expect(log.requests).toBe(sent);
  if (log.mayHaveLost) {
    expect(received).toBeLessThanOrEqual(log.replies);
    expect(connections.lost).toBeLessThanOrEqual(log.resets + log.ends);
    return;
  }
  expect({ replies: log.replies, lost: connections.lost }).toEqual({ replies: received, lost: 0 });
  expect(log.bytes).toBeLessThanOrEqual(bytes.sent);
}

async function tryOne(seed: number): Promise<{ report: Report; isExact: boolean }> {
  await using random = await randomServer(seed);
  const plan = randomPlan(seed);
  const report = await runAgainst(random as unknown as Target, plan);
  // What we have sent is there by then; what the server has not read yet, it reads now.
  for (let tries = 0; tries < 50 && random.log.requests < report.messages.sent && !random.log.mayHaveUnread; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  try {
    holdIdentities(report);
    holdLog(report, random.log);
  } catch (error) {
    const { messages, connections } = report;
    const told = JSON.stringify({
      plan: { ...plan, messages: undefined, replies: undefined },
      messages,
      connections,
      log: random.log,
    });
    throw new Error(`TENK_SEED=${seed}: ${told}`, { cause: error });
  }
  return { report, isExact: !random.log.mayHaveLost };
}

test(
  "the report of a run says what the server's own log says",
  async () => {
    let next = FIRST_SEED;
    const sums: Record<string, number> = {};
    const lines = Array.from({ length: AT_ONCE }, async () => {
      while (next < FIRST_SEED + RUNS) {
        const { report, isExact } = await tryOne(next++);
        const { sent, answered, unanswered, unexpected, droppedBy } = report.messages;
        const { lost, reopened } = report.connections;
        const kinds = { lost, reopened, sent, answered, unanswered, unexpected, ...droppedBy };
        for (const [name, count] of Object.entries({ runs: 1, exact: isExact ? 1 : 0, ...kinds })) {
          sums[name] = (sums[name] ?? 0) + count;
        }
      }
    });
    await Promise.all(lines);
    expect(sums.runs).toBe(RUNS);
    if (process.env.TENK_RUNS) console.log(sums);
    // The servers did what they are there for.
    const kinds = ["exact", "lost", "reopened", "answered", "unanswered", "unexpected", "closed"];
    if (RUNS >= 300) kinds.push("full", "outstanding", "noReply", "cut");
    if (RUNS >= 30) expect(kinds.filter((kind) => sums[kind] === 0)).toEqual([]);
  },
  30_000 + RUNS * 1000,
);
