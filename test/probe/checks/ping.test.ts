import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type EchoSocket, openEchoSocket } from "../../../src/net/mod.ts";
import { checkPing, PING_NOT_PERMITTED } from "../../../src/probe/checks/mod.ts";
import { hasOffline, OFFLINE } from "../../metrics/namespaced.ts";

const TIMES = { timeoutMs: 20_000, slowMs: 20_000 };

interface Peer {
  /** The first request that is answered; 0 = none. */
  readonly answersFrom: number;
  readonly latencyMs?: number;
  /** Thrown when something is sent. */
  readonly code?: string;
}

/** Stands for the network: each address with what becomes of its requests. */
function network(peers: Readonly<Record<string, Peer>>) {
  const open: string[] = [];
  const asked: string[] = [];
  const openOf = (address: string): EchoSocket => {
    const { answersFrom, latencyMs = 3, code } = peers[address]!;
    let sent = 0;
    open.push(address);
    return {
      send(sequence) {
        asked.push(`${address} ${sequence}`);
        if (code !== undefined) throw Object.assign(new Error(code), { code });
        sent = sequence;
      },
      receive: () => (answersFrom > 0 && sent >= answersFrom ? { sequence: sent, latencyMs } : undefined),
      close: () => open.splice(open.indexOf(address), 1),
    };
  };
  return { openOf, asked, open, resolve: async () => Object.keys(peers) };
}

describe("a machine that is pinged", () => {
  test("is up with the time of its reply", async () => {
    const { openOf, resolve, open } = network({ "192.0.2.7": { answersFrom: 1 } });
    expect(await checkPing({ host: "nas", ...TIMES, open: openOf, resolve })).toEqual({
      result: "up",
      facts: { latencyMs: 3 },
    });
    expect(open).toEqual([]);
  });

  test("that answers late is slow", async () => {
    const { openOf, resolve } = network({ "192.0.2.7": { answersFrom: 1, latencyMs: 900 } });
    expect(await checkPing({ host: "nas", ...TIMES, slowMs: 500, open: openOf, resolve })).toMatchObject({
      result: "degraded",
      reason: "slow: 900 ms",
    });
  });

  test("is asked again when a packet is lost", async () => {
    const { openOf, resolve, asked } = network({ "192.0.2.7": { answersFrom: 3 } });
    const outcome = await checkPing({ host: "nas", ...TIMES, againMs: 5, open: openOf, resolve });
    expect(outcome.result).toBe("up");
    expect(asked).toEqual(["192.0.2.7 1", "192.0.2.7 2", "192.0.2.7 3"]);
  });

  test("is asked by its other address where one gives no answer", async () => {
    const peers = { "2001:db8::7": { answersFrom: 0 }, "192.0.2.7": { answersFrom: 1 } };
    const { openOf, resolve, open } = network(peers);
    const outcome = await checkPing({ host: "nas", timeoutMs: 60, slowMs: 60, open: openOf, resolve });
    expect(outcome.result).toBe("up");
    expect(open).toEqual([]);
  });

  test.each([
    [{ answersFrom: 0 }, "no answer to 1 pings within 0.1 s: is it on, and does it answer pings?"],
    [{ answersFrom: 0, code: "EHOSTUNREACH" }, "a router says that it cannot be reached: is it on?"],
    [{ answersFrom: 0, code: "ENETUNREACH" }, "no route leads there: is this machine's network up?"],
    [{ answersFrom: 0, code: "EPROTO" }, "it cannot be asked: EPROTO"],
  ])("and %j is down: %s", async (peer, reason) => {
    const { openOf, resolve, open } = network({ "192.0.2.7": peer });
    const outcome = await checkPing({ host: "nas", timeoutMs: 60, slowMs: 60, open: openOf, resolve });
    expect(outcome).toEqual({ result: "down", facts: {}, reason });
    expect(open).toEqual([]);
  });

  test("and whose name is not known is down", async () => {
    const resolve = async () => Promise.reject(new Error("ENOTFOUND"));
    const reason = "the name nas has no address: is it spelled so in DNS?";
    expect(await checkPing({ host: "nas", ...TIMES, resolve })).toEqual({ result: "down", facts: {}, reason });
    // Name servers that do not answer hold up nothing.
    const silent = () => new Promise<never>(() => {});
    expect(await checkPing({ host: "nas", timeoutMs: 20, slowMs: 20, resolve: silent })).toMatchObject({ reason });
  });

  test("is unknown, not down, where the kernel permits no ping, with the line that permits it", async () => {
    const outcome = await checkPing({ host: "127.0.0.1", ...TIMES, open: () => undefined });
    expect(outcome).toEqual({ result: "unknown", facts: {}, reason: PING_NOT_PERMITTED });
    expect(PING_NOT_PERMITTED).toContain("net.ipv4.ping_group_range");
  });

  test.each(["127.0.0.1", "localhost", "::1"])("for real: %s, as far as this kernel permits it", async (host) => {
    const socket = openEchoSocket("127.0.0.1", () => {});
    socket?.close();
    const outcome = await checkPing({ host, ...TIMES });
    if (socket === undefined) expect(outcome.reason).toBe(PING_NOT_PERMITTED);
    else expect(outcome).toEqual({ result: "up", facts: { latencyMs: expect.any(Number) } });
  });
});

if (hasOffline()) {
  test("for real: without privileges where net.ipv4.ping_group_range has our group, and not where it has not", () => {
    const ping = `setpriv --bounding-set=-all "$0" ${join(import.meta.dirname, "ping-program.ts")}`;
    const range = "/proc/sys/net/ipv4/ping_group_range";
    // A network of its own begins with a range that has nobody.
    const script = `${ping}; echo "0 0" > ${range}; ${ping}`;
    const { stdout, stderr } = spawnSync(OFFLINE[0], [...OFFLINE.slice(1), "sh", "-c", script, process.execPath], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toEqual(["127.0.0.1 unknown", "::1 unknown", "127.0.0.1 up", "::1 up", ""]);
  });
}
