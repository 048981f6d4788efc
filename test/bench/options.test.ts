import { describe, expect, test } from "bun:test";
import { BENCH_NAMES, type BenchName, parseOptions, swallowedByNpm } from "../../bench/options.ts";
import { TenkError } from "../../src/base/mod.ts";

const NAMES: Record<BenchName, string[]> = {
  tcp: ["c-epoll", "tenk", "vertx"],
  latency: ["c-epoll", "tenk", "vertx"],
  tls: ["tenk", "vertx", "haproxy"],
  relay: ["haproxy", "nginx", "tenk"],
  http: ["tenk", "nginx", "caddy"],
  publish: ["tenk", "node", "vertx"],
  lines: ["tenk", "node-readline", "vertx"],
  watch: ["library", "tenk"],
  dns: ["tenk", "dnsmasq", "unbound", "coredns"],
  "dns-upstream": ["udp", "tcp", "tls", "https"],
  load: ["tenk", "tcpkali"],
  "load-http": ["tenk", "wrk"],
};

describe("the words behind npm run bench", () => {
  test("the usual run, and the quick one", () => {
    expect(parseOptions(["tcp"], NAMES)).toMatchObject([
      { bench: "tcp", connections: 10_000, perSecond: 10, seconds: 3, rounds: 9, pin: true },
    ]);
    expect(parseOptions(["load", "--quick"], NAMES)).toMatchObject([
      { bench: "load", connections: 2000, seconds: 2, rounds: 1 },
    ]);
  });

  test.each([...BENCH_NAMES])("%s does less when it is to be quick", (bench) => {
    const [usual, quick] = [[bench], [bench, "--quick"]].map((words) => parseOptions(words, NAMES)?.[0]);
    expect(quick!.rounds).toBeLessThan(usual!.rounds);
    expect(quick!.seconds).toBeLessThanOrEqual(usual!.seconds);
    expect(quick!.connections).toBeLessThanOrEqual(usual!.connections);
  });

  test("several run in the order in which they are named; all but the long ones for all", () => {
    const benches = (words: string[]) => parseOptions(words, NAMES)?.map(({ bench }) => bench);
    expect(benches(["relay", "lines"])).toEqual(["relay", "lines"]);
    expect(benches(["all"])).toEqual(["tcp", "latency", "tls", "relay", "publish", "lines", "watch", "dns-upstream"]);
    expect(parseOptions(["all"], NAMES)?.[0]?.rounds).toBe(5);
    expect(parseOptions(["all", "--rounds", "7"], NAMES)?.map(({ rounds }) => rounds)).toEqual(Array(8).fill(7));
  });

  test("of several, each gets the peers it has, and one that has none of them is left out", () => {
    const words = ["relay", "publish", "lines", "--only", "haproxy,tenk,node"];
    expect(parseOptions(words, NAMES)?.map(({ only }) => only)).toEqual([
      ["haproxy", "tenk"],
      ["tenk", "node"],
      ["tenk"],
    ]);
    expect(parseOptions(["relay", "lines", "--only", "nginx"], NAMES)?.map(({ bench }) => bench)).toEqual(["relay"]);
  });

  test("of several, each writes its figures into a file of its own", () => {
    const files = (words: string[]) => parseOptions([...words, "--json", "a/out.json"], NAMES)?.map(({ json }) => json);
    expect(files(["tls"])).toEqual(["a/out.json"]);
    expect(files(["tls", "lines"])).toEqual(["a/out-tls.json", "a/out-lines.json"]);
  });

  test("what is said wins over quick, in people's spelling", () => {
    const options = parseOptions(["tcp", "--quick", "--connections", "5k", "--only", "tenk,vertx", "--no-pin"], NAMES);
    expect(options).toMatchObject([{ connections: 5000, rounds: 2, only: ["tenk", "vertx"], pin: false }]);
  });

  test.each([[[]], [["--help"]], [["tcp", "--help"]]])("%j asks for help", (words) => {
    expect(parseOptions(words, NAMES)).toBeUndefined();
  });

  test.each([
    [["udp"], 'Cannot bench "udp"'],
    [["tcp", "out.json"], 'Cannot bench "out.json"'],
    [["all", "tcp"], 'Cannot bench "all"'],
    [["--quick"], "Bench what?"],
    [["tcp", "--only", "vert"], '--only: no peer "vert"; there are c-epoll, tenk, vertx'],
    [["tcp", "--rounds", "0"], '--rounds: expected at least 1, got "0"'],
    [["tcp", "--speed", "9"], "--speed"],
  ])("%j is refused", (words, message) => {
    expect(() => parseOptions(words, NAMES)).toThrow(TenkError);
    expect(() => parseOptions(words, NAMES)).toThrow(message);
  });

  test("an option that npm took for itself is noticed", () => {
    expect(swallowedByNpm({ npm_config_quick: "true" })).toBe("--quick");
    expect(swallowedByNpm({ npm_config_warm_up: "true" })).toBe("--warm-up");
    expect(swallowedByNpm({ npm_config_json: "true", npm_config_cache: "x" })).toBeUndefined();
  });
});
