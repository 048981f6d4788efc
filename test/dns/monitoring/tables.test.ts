import { expect, test } from "bun:test";
import { type DnsView, dnsTables } from "../../../src/dns/monitoring/mod.ts";

const VIEW: DnsView = {
  port: 53,
  queries: { total: 200, local: 8, special: 0, blocked: 42, cached: 100, forwarded: 50 },
  blocking: { isEnabled: true, pausedUntilMs: null, clients: [] },
  names: 0,
  lists: [],
  mdns: null,
  upstreams: [],
};
const now = { view: VIEW, atMs: 1_000_000 };
const rowOf = (view: Partial<DnsView>, before?: DnsView) =>
  dnsTables({
    ...now,
    view: { ...VIEW, ...view },
    ...(before && { before: { view: before, atMs: now.atMs - 2000 } }),
  })[0]!.rows[0];

test.each([
  [{}, "on"],
  [{ blocking: { isEnabled: false, pausedUntilMs: null, clients: [] } }, { text: "off", tone: "warning" }],
  [
    { blocking: { isEnabled: true, pausedUntilMs: now.atMs + 299_700, clients: [] } },
    { text: "paused for 5m", tone: "warning" },
  ],
  [
    { blocking: { isEnabled: true, pausedUntilMs: now.atMs - 1, clients: [] } },
    { text: "paused for 1s", tone: "warning" },
  ],
] as const)("tenk status shows whether names are blocked: %j", (view, cell) => {
  expect(rowOf(view)?.at(-1)).toEqual(cell as never);
});

test("tenk status shows shares of all queries, and of those since the look before", () => {
  expect(rowOf({})?.slice(0, 6)).toEqual(["53", "200", "4%", "21%", "50%", "25%"]);
  const before = { ...VIEW, queries: { ...VIEW.queries, total: 100, blocked: 42 } };
  expect(rowOf({}, before)?.slice(1, 4)).toEqual(["50", "0%", "0%"]);
  expect(rowOf({}, VIEW)?.slice(1, 4)).toEqual(["0", "-", "-"]);
});
