import { describe, expect, test } from "bun:test";
import { parseOptions, swallowedByNpm } from "../../bench/options.ts";
import { TenkError } from "../../src/base/mod.ts";

const NAMES = { tcp: ["c-epoll", "tenk", "vertx"], load: ["tenk", "tcpkali"] };

describe("the words behind npm run bench", () => {
  test("the usual run, and the quick one", () => {
    expect(parseOptions(["tcp"], NAMES)).toMatchObject({
      connections: 10_000,
      perSecond: 10,
      seconds: 3,
      rounds: 9,
      pin: true,
    });
    expect(parseOptions(["load", "--quick"], NAMES)).toMatchObject({
      bench: "load",
      connections: 2000,
      seconds: 2,
      rounds: 1,
    });
  });

  test("what is said wins over quick, in people's spelling", () => {
    const options = parseOptions(["tcp", "--quick", "--connections", "5k", "--only", "tenk,vertx", "--no-pin"], NAMES);
    expect(options).toMatchObject({ connections: 5000, rounds: 2, only: ["tenk", "vertx"], pin: false });
  });

  test.each([[[]], [["--help"]], [["tcp", "--help"]]])("%j asks for help", (words) => {
    expect(parseOptions(words, NAMES)).toBeUndefined();
  });

  test.each([
    [["udp"], 'Cannot bench "udp"'],
    [["tcp", "out.json"], 'Cannot bench "tcp out.json"'],
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
