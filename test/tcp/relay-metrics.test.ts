import { expect, test } from "bun:test";
import type { TargetReport } from "../../src/targets/mod.ts";
import { relayFamilies } from "../../src/tcp/monitoring/relay-metrics.ts";

const target = (more: Partial<TargetReport>): TargetReport => ({
  address: "a:1",
  state: "up",
  weight: 1,
  active: 1,
  total: 2,
  failures: 3,
  bytesToTarget: 4,
  bytesFromTarget: 5,
  lastError: undefined,
  lastErrorAtMs: undefined,
  outSinceMs: undefined,
  nextTryAtMs: undefined,
  connectMs: 6,
  ...more,
});

test("a relay's targets are added up over event loops, under their addresses", () => {
  const reports = [
    { pairs: 1, withoutTarget: 2, targets: [target({}), target({ address: "b:1", connectMs: undefined })] },
    { pairs: 3, withoutTarget: 4, targets: [target({ state: "down", connectMs: 8 })] },
  ];
  const families = relayFamilies([{ name: "db", reports }]);
  const values = Object.fromEntries(
    families.map(({ name, samples }) => [name, samples.map(({ value, labels }) => [labels.target, value])]),
  );
  expect(values).toEqual({
    tenk_relay_pairs: [[undefined, 4]],
    tenk_relay_without_target_total: [[undefined, 6]],
    tenk_relay_target_up_ratio: [["a:1", 0.5], ["b:1", 1]],
    tenk_relay_target_connections_active: [["a:1", 2], ["b:1", 1]],
    tenk_relay_target_connections_total: [["a:1", 4], ["b:1", 2]],
    tenk_relay_target_failures_total: [["a:1", 6], ["b:1", 3]],
    tenk_relay_target_sent_bytes_total: [["a:1", 8], ["b:1", 4]],
    tenk_relay_target_received_bytes_total: [["a:1", 10], ["b:1", 5]],
    tenk_relay_target_connect_seconds: [["a:1", 0.008]],
  }); // biome-ignore format: one thought
  expect(families.every(({ samples }) => samples.every(({ labels }) => labels.listener === "db"))).toBe(true);
});

test("without relays nothing is said of them", () => {
  expect(relayFamilies([])).toEqual([]);
});
