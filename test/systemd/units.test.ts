import { describe, expect, test } from "bun:test";
import { heldAddresses, parseConfig } from "../../src/app/mod.ts";
import { serviceUnit, socketUnit } from "../../src/systemd/mod.ts";
import { quotedWord } from "../../src/systemd/unit-word.ts";

const linesOf = (yaml: string) =>
  (socketUnit(heldAddresses(parseConfig(yaml, "tenk.yaml").config)) ?? "")
    .split("\n")
    .filter((line) => line.startsWith("Listen") && line !== DASHBOARD);

const DASHBOARD = "ListenStream=127.0.0.1:9190";

describe("the socket unit", () => {
  test.each<[string, string[]]>([
    [
      'tcp: { a: { listen: 7000 }, b: { listen: "[::1]:7001" } }',
      ["ListenStream=0.0.0.0:7000", "ListenStream=[::1]:7001"],
    ],
    ["tcp: { a: { listen: localhost:7000 } }", ["ListenStream=127.0.0.1:7000"]],
    [
      'tcp: { a: { listen: "unix:/run/a 100%.sock" }, b: { listen: "unix:@b" } }',
      ["ListenStream=/run/a 100%%.sock", "ListenStream=@b"],
    ],
    ["tcp: { a: { listen: some.name:7000 }, b: { listen: 127.0.0.1:0 } }", []],
    ["proxy: {}", ["ListenStream=0.0.0.0:443", "ListenStream=0.0.0.0:80"]],
    ["proxy: { https: 8443, http: off }", ["ListenStream=0.0.0.0:8443"]],
    ["proxy: {}\ntcp: { a: { listen: 127.0.0.1:443 } }", ["ListenStream=127.0.0.1:443", "ListenStream=0.0.0.0:80"]],
    ["dns: {}", ["ListenDatagram=[::]:53", "ListenStream=[::]:53", "ListenStream=[::]:853"]],
    ["dns: { listen: 10.0.0.1:53, tls: off }", ["ListenDatagram=10.0.0.1:53", "ListenStream=10.0.0.1:53"]],
  ])("of %s holds what can be held", (yaml, expected) => {
    expect(linesOf(yaml)).toEqual(expected);
  });

  test("holds the dashboard too, and is none where there is nothing to hold", () => {
    const { config } = parseConfig("tcp: { a: { listen: 127.0.0.1:0 } }", "tenk.yaml");
    expect(socketUnit(heldAddresses(config))).toContain(`[Socket]\n${DASHBOARD}\n`);
    expect(socketUnit([])).toBeUndefined();
  });
});

describe("the service unit", () => {
  const unit = (changes: object = {}) =>
    serviceUnit({ program: "/usr/local/bin/tenk", config: "/etc/tenk/tenk.yaml", ...changes });

  test("has the right for low ports alone, or none", () => {
    expect(unit()).toContain(
      "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n",
    );
    expect(unit({ lowPorts: false })).toContain("\nAmbientCapabilities=\nCapabilityBoundingSet=\n");
  });

  test("leaves the machine's state to be seen, and the compiler to work", () => {
    for (const forbidden of [/^ProcSubset=/m, /^ProtectProc=/m, /^MemoryDenyWriteExecute=/m, /^PrivateUsers=/m])
      expect(unit()).not.toMatch(forbidden);
  });

  test.each([
    ["/usr/local/bin/tenk", "/usr/local/bin/tenk"],
    ["/opt/my tenk/$a", '"/opt/my tenk/$$a"'],
    ['/a"b\\c/50%', '"/a\\"b\\\\c/50%%"'],
  ])("names %s as %s", (path, expected) => {
    expect(quotedWord(path)).toBe(expected);
  });
});
