import { expect, test } from "bun:test";
import { mustFit } from "../../src/cli/load-preflight.ts";
import { type Machine, planTcp, readMachine } from "../../src/load/mod.ts";
import { keptLog } from "../app/admin/support.ts";

test("what may spoil a run is logged with the command that fixes it", () => {
  const machine: Machine = { ...readMachine(), cores: 1 };
  const log = keptLog();
  mustFit(planTcp({ port: 9091, connections: 2, workers: 2 }), machine, log);
  expect(log.lines).toContainEqual(["warn", "2 event loops share 1 cores", { fix: "-w 1" }]);
});
