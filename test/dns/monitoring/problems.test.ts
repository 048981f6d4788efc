import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { dnsProblems, type ProblemSource, type WatchedList } from "../../../src/dns/monitoring/problems.ts";
import { withBox } from "../server/support.ts";

const HOUR_MS = 3_600_000;
const member = (name: string, isDown = false, isLooped = false) => ({ upstream: { name }, isDown, isLooped });
const lastFailure = { message: "no route to the server" };
const list = (more: Partial<WatchedList>): WatchedList => ({
  name: "ads",
  isAllowList: false,
  checkedMs: 0,
  state: { failures: 0, lastFailure: undefined },
  ...more,
});

/** Returns the problems after each of some hours. */
function problemsAt(hours: readonly number[], { members = [member("9.9.9.9")], lists = [] as WatchedList[] }) {
  let nowMs = 0;
  const source: ProblemSource = { resolver: { members }, lists: { views: () => lists } };
  const problems = dnsProblems(source, () => nowMs).problems;
  return hours.map((hour) => {
    nowMs = hour * HOUR_MS;
    return problems().map(({ subject, state, severity }) => `${subject}: ${state} (${severity})`);
  });
}

test("all upstreams down for a minute is critical; one of two is no problem", () => {
  const down = { members: [member("9.9.9.9", true), member("1.1.1.1", true)] };
  const critical = ["name resolution: without upstreams (critical)"];
  expect(problemsAt([0, 0.01, 0.02], down)).toEqual([[], [], critical]);
  expect(problemsAt([0, 1], { members: [member("9.9.9.9", true), member("1.1.1.1")] })).toEqual([[], []]);
});

test("a list without a copy is missing after some minutes; one with a copy is told when that is older than a day", () => {
  const missing = { lists: [list({ checkedMs: undefined, state: { failures: 1, lastFailure } })] };
  expect(problemsAt([0, 0.1], missing)).toEqual([[], ["block list ads: missing (warning)"]]);
  const old = { lists: [list({ isAllowList: true, state: { failures: 4, lastFailure } })] };
  expect(problemsAt([23, 25], old)).toEqual([[], ["allow list ads: not updated (warning)"]]);
  expect(problemsAt([0, 90], { lists: [list({}), list({ state: undefined })] })).toEqual([[], []]);
});

test("a name server that is its own upstream says so in the status", async () => {
  const taken = createSocket("udp4").bind(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address();
  await new Promise<void>((resolve) => taken.close(resolve));
  const dns = `dns: { listen: "127.0.0.1:${port}", tls: off, blocklists: [], upstreams: ["127.0.0.1:${port}"] }\n`;
  await withBox(dns, async ({ instance, ask }) => {
    const deadline = performance.now() + 20_000;
    for (;;) {
      await ask("example.org");
      const problem = (await instance.status()).problems.find(({ key }) => key === "dns/loop");
      if (problem !== undefined) return expect(problem.reason).toContain(`127.0.0.1:${port} asks this name server`);
      if (performance.now() > deadline) throw new Error("no loop is found");
    }
  });
});
