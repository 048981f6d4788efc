import { describe, expect, test } from "bun:test";
import { planHttp } from "../../src/load/http/plan.ts";
import type { LoadPlan } from "../../src/load/plan/load-plan.ts";
import { type Machine, readMachine } from "../../src/load/plan/machine.ts";
import { preflight } from "../../src/load/plan/preflight.ts";
import { planTcp, type TcpOptions } from "../../src/load/tcp/plan.ts";
import { planWebSocket } from "../../src/load/websocket/plan.ts";
import { PING } from "./servers.ts";

const MACHINE: Machine = {
  openDescriptors: 20,
  maxDescriptors: 1_000_000,
  freeFiles: 1_000_000,
  localPorts: 28_232,
  timeWaitReuse: 2,
  timeWaits: 0,
  backlog: 4096,
  freeTracked: undefined,
  availableBytes: 4 * 2 ** 30,
  cores: 4,
  addresses: ["127.0.0.1", "192.168.1.5"],
};

const REMOTE = "192.0.2.1";

describe("before a run the preflight names obstacles", () => {
  test.each([
    [{ connections: 10_000 }, { maxDescriptors: 1024 }, /need 10084 file descriptors.*1024/, /prlimit.*10084:10084/],
    [{ connections: 10_000 }, { freeFiles: 15_000 }, /20000 open files.*15000 left/, /fs\.file-max=40000/],
    [{ connections: 30_000 }, {}, /local ports, there are 28232/, /ip_local_port_range="1024 65535"/],
    [
      { connections: 130_000 },
      {},
      /there are 28232/,
      /^--source-ip 127\.0\.0\.1 --source-ip 127\.0\.0\.2 --source-ip 127\.0\.0\.3$/,
    ],
    [
      { connections: 10_000_000 },
      { availableBytes: 2 ** 40, maxDescriptors: 2 ** 30, freeFiles: 2 ** 30 },
      /there are 28232/,
      /^--source-ip=127\.0\.0\.\{1\.\.156\}$/,
    ],
    [{ connections: 130_000, host: REMOTE }, {}, /there are 28232/, /^--source-ip, 3 times$/],
    [{ connections: 57_000, sourceAddresses: ["127.0.0.2", "127.0.0.3"] }, {}, /there are 56464/, /port_range/],
    [
      { sourceAddresses: ["192.168.1.6"] },
      {},
      /192\.168\.1\.6 is not one of this machine, 192\.168\.1\.5 is/,
      /ip address add/,
    ],
    [{ connections: 20_000 }, { availableBytes: 2 ** 20 }, /need about 215 MiB of memory, 1 MiB are free/, /^$/],
  ] as [TcpOptions, Partial<Machine>, RegExp, RegExp][])("%j on %j is refused", (options, facts, what, command) => {
    const { refusals } = preflight(planTcp({ port: 1, ...options }), { ...MACHINE, ...facts });
    expect(refusals).toHaveLength(1);
    expect(refusals[0]!.what).toMatch(what);
    expect(refusals[0]!.command).toMatch(command);
  });

  test.each([
    [{ connections: 20_000, host: REMOTE }, { timeWaits: 10_000 }, /20000 are needed, 10000 are held/, /tw_reuse=1/],
    [{ connections: 1000, host: REMOTE, channelLifetimeMs: 1000 }, {}, /61000 are needed/, /tw_reuse=1/],
    [{ connections: 1000, channelLifetimeMs: 1000 }, { timeWaitReuse: 0 }, /61000 are needed/, /tw_reuse=1/],
    [{ connections: 10_000, connectRate: 1e6 }, {}, /10k connections may wait.*4096/, /somaxconn/],
    [{ connections: 10_000 }, { freeTracked: 5000 }, /tracks 5000 connections more/, /nf_conntrack_max=40000/],
    [
      { connections: 1000, messages: PING, ratePerConnection: 300 },
      {},
      /300k messages.*more than 1 event loop sends/,
      /^-w 3$/,
    ],
    [{ connections: 1000, messages: PING, totalRate: 9e6 }, {}, /more than this machine is likely/, /^$/],
    [{ connections: 10, workers: 8 }, {}, /8 event loops share 4 cores/, /^-w 4$/],
  ] as [TcpOptions, Partial<Machine>, RegExp, RegExp][])("%j on %j is warned of", (options, facts, what, command) => {
    const { refusals, warnings } = preflight(planTcp({ port: 1, ...options }), { ...MACHINE, ...facts });
    expect(refusals).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.what).toMatch(what);
    expect(warnings[0]!.command).toMatch(command);
  });

  test("a hint spells the option as the command does", () => {
    const hints = (plan: LoadPlan) => preflight(plan, MACHINE).warnings.map(({ command }) => command);
    expect(hints(planHttp({ url: "http://127.0.0.1:1/", connections: 10, workers: 8 }))).toEqual(["-t 4"]);
    expect(hints(planWebSocket({ url: "ws://127.0.0.1:1/", connections: 10, workers: 8 }))).toEqual(["-w 4"]);
    expect(() => planHttp({ url: "http://127.0.0.1:1/", connections: 2, workers: 3 })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("-t 2") }),
    );
  });

  test("and none where there is none or the system does not report", () => {
    const plan = planTcp({ port: 1, connections: 10_000, messages: PING, ratePerConnection: 10, connectRate: 1000 });
    expect(preflight(plan, MACHINE)).toEqual({ refusals: [], warnings: [] });
    const silent = { freeFiles: undefined, localPorts: undefined, timeWaitReuse: undefined, timeWaits: undefined };
    const machine = { ...MACHINE, ...silent, backlog: undefined, availableBytes: undefined };
    expect(preflight(plan, machine)).toEqual({ refusals: [], warnings: [] });
  });

  test("this machine can be read", () => {
    const { maxDescriptors, openDescriptors, cores } = readMachine();
    expect(maxDescriptors).toBeGreaterThan(openDescriptors);
    expect(cores).toBeGreaterThan(0);
  });
});
