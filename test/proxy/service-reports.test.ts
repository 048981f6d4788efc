import { expect, test } from "bun:test";
import { serviceReports, targetFamilies } from "../../src/proxy/monitoring/mod.ts";

test("an event loop that is blocked, or has ended, leaves the metrics of the others to be read", async () => {
  const report = { service: "git", waiting: 0, targets: [] };
  const servers = [{ reports: async () => [[report], undefined] }, { reports: async () => [undefined] }];
  const reports = await serviceReports(servers);
  expect(reports).toEqual([report]);
  expect(targetFamilies(reports).length).toBeGreaterThan(0);
});
