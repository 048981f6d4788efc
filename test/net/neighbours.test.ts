import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readNeighbours } from "../../src/net/mod.ts";
import { until } from "./support.ts";

test("the kernel's neighbours are those of /proc/net/arp, and more", async () => {
  const inFile = () =>
    readFileSync("/proc/net/arp", "latin1")
      .split("\n")
      .slice(1)
      .map((line) => line.split(/\s+/))
      .filter(([, , flags, mac]) => flags === "0x2" && mac !== "00:00:00:00:00:00")
      .map(([address, , , mac]) => `${address} ${mac}`);
  // Both change as time passes.
  await until(() => {
    const known = new Set(readNeighbours().map(({ address, mac }) => `${address} ${mac}`));
    return inFile().every((line) => known.has(line));
  });
  expect(readNeighbours().every(({ mac }) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac))).toBe(true);
});
