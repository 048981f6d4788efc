import { describe, expect, test } from "bun:test";
import { TenkError } from "../../src/base/mod.ts";
import { rampUpMs, shapeOf } from "../../src/load/plan/mod.ts";
import { planTcp, type TcpOptions } from "../../src/load/tcp/mod.ts";

const messages = [{ kind: "text", text: "ping", first: false, unescape: false }] as const;

describe("a plan", () => {
  test.each([
    "connectTimeoutMs",
    "lateAfterMs",
    "dropAfterMs",
    "drainMs",
    "delaySendMs",
    "channelLifetimeMs",
    "pipeline",
    "writeQueueBytes",
    "upstreamBytesPerSecond",
    "downstreamBytesPerSecond",
    "receiveBufferBytes",
    "sendBufferBytes",
  ] as const)("%s is a number of 0 or more", (field) => {
    for (const value of [Number.NaN, -1, Number.NEGATIVE_INFINITY]) {
      expect(() => planTcp({ port: 1, [field]: value })).toThrow(
        new TenkError("usage", `The plan cannot work: ${field} ${value} is out of range`),
      );
    }
    expect(planTcp({ port: 1, [field]: 0 })[field]).toBe(0);
  });

  test("has a default for everything but the target", () => {
    const plan = planTcp({ port: 9091 });
    expect(plan).toMatchObject({
      target: "127.0.0.1:9091",
      connections: 1,
      durationMs: 10_000,
      pace: "none",
      workers: 1,
    });
    expect(plan.statsUrl).toBe("http://127.0.0.1:9190/api/status");
    expect(plan.expectations.map(({ text }) => text)).toEqual([
      "connections=all",
      "lost=0",
      "failed=0",
      "late+dropped<=0.1%",
    ]);
    expect(structuredClone(plan)).toEqual(plan);
  });

  test.each([
    [{}, "none"],
    [{ messages }, "as-fast-as-possible"],
    [{ messages, ratePerConnection: 10 }, "per-connection"],
    [{ messages, totalRate: 10 }, "total"],
    [{ messages, shape: "ramp:1..10" }, "per-connection"],
    [{ messages, shape: "poisson", ratePerConnection: 5 }, "per-connection"],
    [{ messages: [{ ...messages[0], first: true }] }, "none"],
  ] as [TcpOptions, string][])("%p paces %p", (options, pace) => {
    expect(planTcp({ port: 1, ...options }).pace as string).toBe(pace);
  });

  test("spreads the ramp-up of connections from the first one at once", () => {
    expect(rampUpMs({ connections: 10_000, connectRate: 1000 })).toBe(9999);
    expect(rampUpMs({ connections: 1, connectRate: Number.POSITIVE_INFINITY })).toBe(0);
  });

  test("a shape's rates are those of all connections with a total rate", () => {
    const plan = planTcp({ port: 1, messages, totalRate: 200, shape: "ramp:0..200" });
    expect(shapeOf(plan).expected(10_000)).toBe(1000);
  });

  test.each([
    [{ port: 0 }, /port 0/],
    [{ port: 70_000 }, /port 70000/],
    [{}, /port undefined/],
    [{ port: 1, connections: 0 }, /connections 0/],
    [{ port: 1, connections: 1.5 }, /connections 1\.5/],
    [{ port: 1, connectRate: 0 }, /opens nothing/],
    [{ port: 1, durationMs: 0 }, /duration of 0/],
    [{ port: 1, durationMs: Number.NaN }, /duration/],
    [{ port: 1, durationMs: -1 }, /duration/],
    [{ port: 1, workers: 2 }, /2 workers share 1/],
    [{ port: 1, ratePerConnection: 10 }, /a rate, but no message/],
    [{ port: 1, messages, ratePerConnection: 10, totalRate: 10 }, /exclude each other/],
    [{ port: 1, messages, ratePerConnection: 10, shape: "rampe:1..2" }, /Unknown shape "rampe:1\.\.2"/],
    [{ port: 1, messages, ratePerConnection: 10, shape: "ramp:1..2" }, /has its own rates.*leave out -r/],
    [{ port: 1, messages, totalRate: 5, shape: "ramp:1..2" }, /goes up to 2.*--total-rate 2 .*all connections.*each$/],
    [{ port: 1, messages, ratePerConnection: 1e6, connections: 10_000 }, /10G a second/],
    [{ port: 1, messages, ratePerConnection: 0 }, /rate of 0/],
    [{ port: 1, messages, ratePerConnection: 0.01 }, /no message is due/],
    [{ port: 1, messages, shape: "spike:0..10@30s+5s" }, /in 10s at this rate no message is due/],
    [{ port: 1, messages: [{ ...messages[0], text: "" }], ratePerConnection: 1 }, /message is empty/],
    [{ port: 1, messages, pipeline: 1 }, /know what one is/],
    [{ port: 1, sourceAddresses: ["localhost"] }, /"localhost" is not an address/],
    [{ port: 1, messages, shape: "rampe:1..2" }, /did you mean ramp/],
    [{ port: 1, expectations: ["lots=0"] }, /did you mean lost/],
  ] as [TcpOptions, RegExp][])("%p is refused", (options, says) => {
    let thrown: unknown;
    try {
      planTcp(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TenkError);
    const { code, message, hint } = thrown as TenkError;
    expect([code, `${message} ${hint}`]).toEqual(["usage", expect.stringMatching(says)]);
  });
});
