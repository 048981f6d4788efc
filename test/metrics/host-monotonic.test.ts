import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHost } from "../../src/metrics/host/mod.ts";
import { fakeRoot } from "./host-support.ts";

const SIZES = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 1000, ffree: 900 };
const DEVICE = "→ /sys/devices/any";

/** Samples a machine whose `/proc` files change between reads. */
function samplesOf(file: string, texts: readonly string[]) {
  using machine = fakeRoot({
    "/sys/devices/any/name": "any\n",
    "/sys/class/net/eth0/device": DEVICE,
    "/sys/class/net/usb0/device": DEVICE,
    [file]: texts[0]!,
  });
  const host = openHost({ root: machine.root, statfs: async () => SIZES });
  return texts.map((text) => {
    writeFileSync(join(machine.root, file), text);
    return host.sample();
  });
}

const network = (...devices: readonly (readonly [name: string, received: number])[]) =>
  devices.map(([name, received]) => `${name}: ${received} 0 0 0 0 0 0 0 ${received / 10} 0 0 0 0 0 0 0\n`).join("");
const disks = (...devices: readonly (readonly [name: string, sectors: number])[]) =>
  devices.map(([name, sectors]) => `8 0 ${name} 0 0 ${sectors} 0 0 0 ${sectors * 2} 0 0 0 0\n`).join("");

describe("sums over devices grow only by counted traffic", () => {
  test("when a network card is removed and added again, or cannot be read for a moment", () => {
    const samples = samplesOf("/proc/net/dev", [
      network(["eth0", 5000], ["usb0", 900_000]),
      network(["eth0", 5100]),
      "",
      network(["eth0", 5300], ["usb0", 40]),
      network(["eth0", 5400], ["usb0", 90], ["lo", 7777]),
      network(["eth0", 30], ["usb0", 90]),
    ]);
    const [first, ...others] = samples.map(({ networkReceivedBytes }) => networkReceivedBytes);
    expect([first, ...others]).toEqual([905_000, 905_100, undefined, 905_340, 905_490, 905_520]);
    expect(samples.map(({ networkSentBytes }) => networkSentBytes)).toEqual([
      90_500,
      90_510,
      undefined,
      90_534,
      90_549,
      90_552,
    ]);
  });

  test("when a disk appears with counts from before", () => {
    const samples = samplesOf("/proc/diskstats", [
      disks(["sda", 100]),
      disks(["sda", 110], ["sdb", 5000]),
      disks(["sda", 110], ["sdb", 5001]),
      disks(["sdb", 5002]),
    ]);
    expect(samples.map(({ diskReadBytes }) => diskReadBytes! / 512)).toEqual([100, 110, 111, 112]);
    expect(samples.map(({ diskWrittenBytes }) => diskWrittenBytes! / 512)).toEqual([200, 220, 222, 224]);
  });
});

/** /proc/stat of processors by number: busy and idle time, and time waiting for disks, in hundredths. */
function stat(...cpus: readonly (readonly [cpu: number, user: number, idle: number, iowait: number])[]): string {
  const sum = (column: 1 | 2 | 3) => cpus.reduce((total, cpu) => total + cpu[column], 0);
  const lines = cpus.map(([cpu, user, idle, iowait]) => `cpu${cpu} ${user} 0 0 ${idle} ${iowait} 0 0 0 0 0\n`);
  return `cpu  ${sum(1)} 0 0 ${sum(2)} ${sum(3)} 0 0 0 0 0\n${lines.join("")}`;
}

describe("the time of processors grows by one second per second", () => {
  const modes = (sample: ReturnType<typeof samplesOf>[number]) => {
    const { user, idle, iowait } = sample.meanCpu!;
    return [user, idle, iowait].map((seconds) => Number(seconds.toFixed(6)));
  };

  test("when one is switched off and on again, with another idle time", () => {
    const samples = samplesOf("/proc/stat", [
      stat([0, 1000, 90_000, 0], [1, 1000, 90_000, 0]),
      stat([0, 1050, 90_050, 0]),
      stat([0, 1100, 90_100, 0], [1, 1000, 200, 0]),
      stat([0, 1100, 90_200, 0], [1, 1100, 200, 0]),
    ]);
    expect(samples.map(modes)).toEqual([
      [10, 900, 0],
      [10.5, 900.5, 0],
      [10.75, 900.75, 0],
      [11.25, 901.25, 0],
    ]);
    expect(samples.map(({ cpu }) => cpu?.idle)).toEqual([1800, 1800.5, 1801, 1802]);
    expect(samples.map(({ cpuCount }) => cpuCount)).toEqual([2, 1, 2, 2]);
  });

  test("when the kernel takes back some of the time that was spent waiting for disks", () => {
    const samples = samplesOf("/proc/stat", [
      stat([0, 1000, 90_000, 5000]),
      stat([0, 1000, 90_110, 4990]),
      stat([0, 1000, 90_200, 5010]),
    ]);
    expect(samples.map(modes)).toEqual([
      [10, 900, 50],
      [10, 901.1, 50],
      [10, 902, 50.1],
    ]);
  });

  test("when only the sum of all processors is reported", () => {
    const samples = samplesOf("/proc/stat", ["cpu 100 0 0 200 0\n", "cpu 150 0 0 250 0\n", "intr 1\n"]);
    expect(samples.map(({ meanCpu }) => meanCpu?.user)).toEqual([1, 1.5, undefined]);
  });
});
