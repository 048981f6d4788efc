import { expect, test } from "bun:test";
import { certifiableNames, machineNames } from "../../src/listener/mod.ts";

test.each([
  ["box", undefined, undefined, ["localhost", "box", "box.local"], ["localhost", "box.local"]],
  [
    "Box",
    "home.arpa",
    undefined,
    ["localhost", "box", "box.local", "box.home.arpa"],
    ["localhost", "box.local", "box.home.arpa"],
  ],
  ["box.example.org", undefined, undefined, ["localhost", "box.example.org", "box.local"], ["localhost", "box.local"]],
  [
    "box.example.org",
    "example.org",
    undefined,
    ["localhost", "box.example.org", "box.local"],
    ["localhost", "box.local", "box.example.org"],
  ],
  ["my_box", "home.arpa", undefined, ["localhost", "my_box"], ["localhost"]],
  ["localhost", undefined, undefined, ["localhost", "localhost.local"], ["localhost", "localhost.local"]],
  [
    "box",
    "home.arpa",
    ["nas", "nas.example.org"],
    ["localhost", "nas", "nas.example.org"],
    ["localhost", "nas.example.org"],
  ],
])(
  "the machine %s with domain %s and names %j has names, and certificates for some",
  (host, domain, given, names, certified) => {
    expect(machineNames(domain, given, host)).toEqual(names);
    expect(certifiableNames(domain, given, host)).toEqual(certified);
  },
);
