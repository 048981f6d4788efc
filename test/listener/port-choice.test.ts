import { afterEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Log, LogFields } from "../../src/base/mod.ts";
import { TenkError } from "../../src/base/mod.ts";
import { listenAtFirst, privilegeFix } from "../../src/listener/mod.ts";
import { duplicate } from "../../src/net/inherit/mod.ts";
import { closeUnclaimed, listen, type Server, takeInherited } from "../../src/net/mod.ts";
import { keptSocket } from "../net/inherit/sockets.ts";
import { freePort } from "../net/support.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

async function opened(port: number): Promise<Server> {
  const server = await listen({ host: "127.0.0.1", port }, {});
  servers.push(server);
  return server;
}

/** What is logged as a warning. */
function warnings(): { log: Log; lines: [message: string, fields: LogFields][] } {
  const lines: [string, LogFields][] = [];
  const log = { warn: (message: string, fields: LogFields) => lines.push([message, fields]) } as unknown as Log;
  return { log, lines };
}

const ours = () => readFileSync("/proc/self/comm", "latin1").trim();

describe("of several ports", () => {
  test("the first that is free is taken; each before it is logged with its holder, what was taken and the fix", async () => {
    const [one, two] = [await opened(0), await opened(0)];
    const { log, lines } = warnings();
    const free = await freePort();
    const choice = { name: "https", host: "127.0.0.1", ports: [one.port, two.port, free, 0], log };
    const server = await listenAtFirst(choice, opened);
    expect(server.port).toBe(free);
    const by = `${ours()} (pid ${process.pid})`;
    const fix = `stop ${ours()}, or set another port`;
    expect(lines).toEqual(
      [one.port, two.port].map((port) => [
        "port in use, listening elsewhere",
        { name: "https", port, by, instead: free, fix },
      ]),
    );
  });

  test("nothing is logged where the first is free, and 0 is any free one", async () => {
    const { log, lines } = warnings();
    const taken = await opened(0);
    const choice = { name: "https", host: "127.0.0.1", log };
    expect((await listenAtFirst({ ...choice, ports: [0, 1] }, opened)).port).toBeGreaterThan(1023);
    expect(lines).toEqual([]);
    const server = await listenAtFirst({ ...choice, ports: [taken.port, 0] }, opened);
    expect([lines.length, lines[0]?.[1].instead]).toEqual([1, server.port]);
  });

  test("where none can be had the error is that of the first, with its holder", async () => {
    const [one, two] = [await opened(0), await opened(0)];
    const { log, lines } = warnings();
    const failed = listenAtFirst({ name: "https", host: "127.0.0.1", ports: [one.port, two.port], log }, opened);
    await expect(failed).rejects.toMatchObject({
      code: "port-in-use",
      message: `Cannot listen on 127.0.0.1:${one.port} for "https": it is in use by ${ours()} (pid ${process.pid})`,
      hint: "stop it or choose another port",
    });
    expect(lines).toEqual([]);
  });

  test("one that the process before had is kept, though an earlier one is free: its clients wait there", async () => {
    const { log, lines } = warnings();
    using kept = keptSocket("tcp");
    takeInherited([duplicate(kept.descriptor)], "tenk");
    const choice = { name: "https", host: "127.0.0.1", ports: [await freePort(), kept.port], log };
    expect((await listenAtFirst(choice, opened)).port).toBe(kept.port);
    expect(lines).toEqual([]);
  });

  test("a socket of systemd at another address is named, and how to have both at one", async () => {
    const { log, lines } = warnings();
    using kept = keptSocket("tcp");
    const { port } = kept;
    takeInherited([duplicate(kept.descriptor)], "tenk");
    const open = (at: number) => listen({ host: "0.0.0.0", port: at }, {});
    const choice = { name: "https", host: "0.0.0.0", ports: [port, 0], setting: "proxy.https", log };
    await (await listenAtFirst(choice, open)).stop();
    expect(lines[0]).toMatchObject([
      "inherited socket has the port at another address, listening elsewhere",
      { port, inherited: `127.0.0.1:${port}/tcp` },
    ]);
    await expect(listenAtFirst({ ...choice, ports: [port] }, open)).rejects.toMatchObject({
      message: `Cannot listen on 0.0.0.0:${port} for "https": the inherited socket 127.0.0.1:${port}/tcp has the port`,
    });
    closeUnclaimed();
  });

  test("any other error ends the search", async () => {
    const tried: number[] = [];
    const choice = { name: "https", host: "127.0.0.1", ports: [1, 2], log: warnings().log };
    const failed = listenAtFirst(choice, (port) => {
      tried.push(port);
      return Promise.reject(new TenkError("address-unavailable", "no such address"));
    });
    await expect(failed).rejects.toThrow("no such address");
    expect(tried).toEqual([1]);
  });
});

describe("a port that only privileged programs may have", () => {
  const first = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  // Root has the right unless it is taken away.
  const isRoot = process.getuid?.() === 0;
  const without = ["--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service"];
  const canTry = first > 1 && (!isRoot || spawnSync("setpriv", ["--version"]).status === 0);

  function run(...ports: number[]): Record<string, unknown> {
    const program = [process.execPath, join(import.meta.dirname, "unprivileged-program.ts"), ...ports.map(String)];
    const words = isRoot ? ["setpriv", ...without, ...program] : program;
    const { INVOCATION_ID: _, ...env } = process.env;
    const { stdout, stderr } = spawnSync(words[0]!, words.slice(1), { env, encoding: "utf8" });
    return JSON.parse(stdout || JSON.stringify({ stderr }));
  }

  if (canTry) {
    test("is logged with the fix, and the next is taken", () => {
      const { port, lines } = run(first - 1, 0) as { port: number; lines: unknown };
      expect(port).toBeGreaterThan(first - 1);
      const fix = `sudo sysctl net.ipv4.ip_unprivileged_port_start=${first - 1}`;
      const message = "port not permitted, listening elsewhere";
      expect(lines).toEqual([{ message, name: "https", port: first - 1, instead: port, fix }]);
    });

    test("is refused with the fix where there is no other", () => {
      expect(run(first - 1)).toEqual({
        code: "permission-denied",
        message: `Cannot listen on 127.0.0.1:${first - 1} for "https": not permitted`,
        hint: `sudo sysctl net.ipv4.ip_unprivileged_port_start=${first - 1}`,
      });
    });
  } else {
    // A container may have no such ports at all.
    test.skipIf(process.env.CI !== "true" || first <= 1)(
      "cannot be tried: needs such ports, and setpriv for root",
      () => {
        throw new Error("there is no setpriv");
      },
    );
  }

  test.each<[isService: boolean, isOneFile: boolean, fix: string]>([
    [true, true, "AmbientCapabilities=CAP_NET_BIND_SERVICE in the [Service] section of its systemd unit"],
    [
      false,
      true,
      "sudo setcap cap_net_bind_service=+ep /opt/tenk, or sudo sysctl net.ipv4.ip_unprivileged_port_start=443",
    ],
    [false, false, "sudo sysctl net.ipv4.ip_unprivileged_port_start=443"],
  ])("as a service %p and as one file %p is given by %s", (isService, isOneFile, fix) => {
    expect(privilegeFix(443, { isService, isOneFile, executable: "/opt/tenk" })).toBe(fix);
  });
});
