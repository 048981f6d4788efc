import { afterEach, expect, test } from "bun:test";
import fc from "fast-check";
import { backoffMs, backoffSettings } from "../../src/net/dial/backoff.ts";
import { causeOf, connectError, mayPass } from "../../src/net/dial/connect-error.ts";
import { retried, retrySettings } from "../../src/net/dial/retry.ts";
import { proxyCause } from "../../src/net/dial/tunnel.ts";
import { connect, listen, type Server } from "../../src/net/mod.ts";
import { freePort } from "./support.ts";

let server: Server | undefined;
afterEach(async () => {
  await server?.stop({ graceMs: 0 });
  server = undefined;
});

test("the longest wait doubles from minMs up to maxMs; full jitter takes any part of it", () => {
  const settings = { minMs: 100, maxMs: 1000, jitter: "none" } as const;
  const longest = [1, 2, 3, 4, 5, 2000].map((failures) => backoffMs(failures, settings, Math.random));
  expect(longest).toEqual([100, 200, 400, 800, 1000, 1000]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, one, other, random) => {
        const full = backoffSettings("retry", { minMs: Math.min(one, other), maxMs: Math.max(one, other) });
        const waitMs = backoffMs(failures, full, () => random);
        const most = backoffMs(failures, { ...full, jitter: "none" }, () => random);
        expect(Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= most && most <= full.maxMs).toBe(true);
      },
    ),
  );
  expect(backoffMs(1, { ...settings, jitter: "full" }, () => 0)).toBe(0);
  expect(backoffMs(1, { ...settings, jitter: "full" }, () => 0.999)).toBe(100);
});

test.each([
  [{ attempts: 0 }, "retry.attempts"],
  [{ attempts: 1.5 }, "retry.attempts"],
  [{ attempts: Number.NaN }, "retry.attempts"],
  [{ attempts: 2, minMs: -1 }, "retry.minMs"],
  [{ attempts: 2, minMs: 10, maxMs: 5 }, "retry.maxMs"],
  [{ attempts: 2, jitter: "some" as never }, "retry.jitter"],
])("%p is refused by name", (retry, name) => {
  expect(() => retrySettings(retry)).toThrow(name);
});

test.each([
  ["ECONNREFUSED", true],
  ["ETIMEDOUT", true],
  ["ECONNRESET", true],
  ["EHOSTUNREACH", true],
  ["EAI_AGAIN", true],
  ["ENOTFOUND", false],
  ["ETLS", false],
  ["ETLSCLOSED", true],
  ["ECANCELED", false],
  ["EMFILE", false],
  ["EADDRNOTAVAIL", false],
  ["E2BIG", false],
])("after %s a retry makes sense: %p", (code, passes) => {
  expect(mayPass(connectError("there", causeOf(code, "said")))).toBe(passes);
});

test.each([
  ["connection-refused", undefined, true],
  ["closed", undefined, true],
  ["credentials-refused", undefined, false],
  ["not-allowed", undefined, false],
  ["status", "503 Service Unavailable", true],
  ["status", "403 Forbidden", false],
  ["authentication-required", "407 Who?", false],
])("after a proxy's %s %p a retry makes sense: %p", (reason, detail, passes) => {
  expect(mayPass(connectError("there", proxyCause(reason, detail)))).toBe(passes);
});

test("a server that comes up late is connected to", async () => {
  const port = await freePort();
  const retry = { attempts: Number.POSITIVE_INFINITY, minMs: 5, maxMs: 20 };
  const connecting = connect({ port, retry }, {});
  await expect(connect({ port }, {})).rejects.toMatchObject({ code: "connect-refused" });
  server = await listen({ host: "127.0.0.1", port }, {});
  const connection = await connecting;
  expect(connection.remotePort).toBe(port);
});

test("name servers that do not answer are asked again, a name that does not exist is not", async () => {
  server = await listen({ host: "127.0.0.1" }, {});
  const asked: string[] = [];
  const lookup = async (name: string) => {
    asked.push(name);
    if (name === "none.test") throw causeOf("ENOTFOUND", "no such name");
    if (asked.length < 3) throw causeOf("EAI_AGAIN", "name servers are silent");
    return ["127.0.0.1"];
  };
  const options = { port: server.port, lookup, retry: { attempts: 5, minMs: 1 } };
  expect((await connect({ ...options, host: "late.test" }, {})).remoteAddress).toBe("127.0.0.1");
  await expect(connect({ ...options, host: "none.test" }, {})).rejects.toMatchObject({ code: "name-not-found" });
  expect(asked).toEqual(["late.test", "late.test", "late.test", "none.test"]);
});

test("the attempts are counted, waited between, and named in the last error", async () => {
  let tries = 0;
  const waits: number[] = [];
  const refuse = async () => {
    tries += 1;
    throw connectError("there", causeOf("ECONNREFUSED", "refused"));
  };
  const random = () => {
    waits.push(tries);
    return 0;
  };
  const all = retried(refuse, retrySettings({ attempts: 4 }), "there", undefined, random);
  await expect(all).rejects.toMatchObject({ code: "connect-refused", message: expect.stringContaining("4 attempts") });
  expect([tries, waits]).toEqual([4, [1, 2, 3]]);
});

test("what does not pass is not tried again", async () => {
  let tries = 0;
  const refuse = async () => {
    tries += 1;
    throw connectError("there", causeOf("ETLS", "certificate not trusted"));
  };
  const all = retried(refuse, retrySettings({ attempts: 4 }), "there", undefined);
  await expect(all).rejects.toMatchObject({ code: "tls-failed" });
  expect(tries).toBe(1);
});

test("the signal ends the wait between two attempts", async () => {
  const signal = AbortSignal.timeout(30);
  const retry = { attempts: 3, minMs: 60_000, maxMs: 60_000, jitter: "none" } as const;
  const waiting = connect({ port: 1, retry, signal }, {});
  await expect(waiting).rejects.toMatchObject({ code: "connect-aborted" });
});
