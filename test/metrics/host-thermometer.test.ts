import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostFiles } from "../../src/metrics/host/files.ts";
import { openThermometer } from "../../src/metrics/host/thermometer.ts";
import { fakeRoot } from "./host-support.ts";
import { hasNamespaces, namespacedTenk } from "./namespaced.ts";

/** A thermal zone, or a chip with its temperatures by label (or none: "1", "2"). */
const zone = (number: number, type: string, temp: number | string) => ({
  [`/sys/class/thermal/thermal_zone${number}/type`]: `${type}\n`,
  [`/sys/class/thermal/thermal_zone${number}/temp`]: `${temp}\n`,
});
const chip = (number: number, name: string, temps: Readonly<Record<string, number | string>>) => ({
  [`/sys/class/hwmon/hwmon${number}/name`]: `${name}\n`,
  ...Object.fromEntries(
    Object.entries(temps).flatMap(([label, temp], index) => {
      const path = `/sys/class/hwmon/hwmon${number}/temp${index + 1}`;
      return [[`${path}_input`, `${temp}\n`], ...(/^\d+$/.test(label) ? [] : [[`${path}_label`, `${label}\n`]])];
    }),
  ),
});

describe("the processor's temperature is that of", () => {
  test.each([
    [
      "AMD's sensor, before the board's",
      { ...zone(0, "acpitz", 16_800), ...chip(1, "k10temp", { 1: 42_500 }) },
      { celsius: 42.5, sensor: "k10temp" },
    ],
    [
      "the true one, before what steers fans",
      chip(0, "k10temp", { Tctl: 75_000, Tdie: 65_000, Tccd1: 80_000 }),
      { celsius: 65, sensor: "k10temp Tdie" },
    ],
    [
      "the warmest of two packages, not of their cores",
      {
        ...chip(3, "coretemp", { "Package id 0": 51_000, "Core 0": 58_000 }),
        ...chip(4, "coretemp", { "Package id 1": 55_000, "Core 0": 50_000 }),
        ...zone(0, "x86_pkg_temp", 51_000),
      },
      { celsius: 55, sensor: "coretemp Package id 1" },
    ],
    [
      "the warmest core, where the package does not tell",
      chip(0, "coretemp", { "Core 0": 58_000, "Core 1": 61_000 }),
      { celsius: 61, sensor: "coretemp Core 1" },
    ],
    [
      "a zone that is for it, behind others",
      { ...zone(0, "acpitz", 20_000), ...zone(1, "iwlwifi_1", 70_000), ...zone(2, "x86_pkg_temp", 61_000) },
      { celsius: 61, sensor: "x86_pkg_temp" },
    ],
    [
      "the warmest cluster of a small board",
      {
        ...zone(0, "gpu-thermal", 70_000),
        ...zone(1, "bigcore0-thermal", 55_000),
        ...zone(2, "littlecore-thermal", 50_000),
      },
      { celsius: 55, sensor: "bigcore0-thermal" },
    ],
    [
      "a board's chip that measures it",
      { ...chip(0, "nvme", { Composite: 60_000 }), ...chip(1, "nct6798", { SYSTIN: 30_000, CPUTIN: 41_000 }) },
      { celsius: 41, sensor: "nct6798 CPUTIN" },
    ],
    ["the board, where there is nothing else", zone(0, "acpitz", 27_800), { celsius: 27.8, sensor: "acpitz" }],
    [
      "the next best, where a sensor is not wired or answers nothing",
      { ...chip(0, "coretemp", { 1: "" }), ...zone(0, "soc-thermal", -273_000), ...zone(1, "acpitz", 30_000) },
      { celsius: 30, sensor: "acpitz" },
    ],
    [
      "nobody, where only a card, a disk and a radio are warm",
      {
        ...chip(0, "nvme", { Composite: 60_000 }),
        ...chip(1, "amdgpu", { edge: 70_000 }),
        ...zone(0, "iwlwifi_1", 50_000),
      },
      undefined,
    ],
  ])("%s", async (_, files, expected) => {
    using machine = fakeRoot(files);
    expect(await openThermometer(hostFiles(machine.root)).read()).toEqual(expected);
  });

  test("the same sensor for two readers that begin at one moment", async () => {
    using machine = fakeRoot(chip(0, "k10temp", { 1: 42_500 }));
    const thermometer = openThermometer(hostFiles(machine.root));
    const sensors = (await Promise.all([thermometer.read(), thermometer.read()])).map((each) => each?.sensor);
    expect(sensors).toEqual(["k10temp", "k10temp"]);
  });

  test("a present one: drivers may be loaded later, and chips renumbered", async () => {
    using machine = fakeRoot({ ...zone(0, "acpitz", 27_800), ...chip(0, "k10temp", { 1: 42_500 }) });
    let nowMs = 0;
    const thermometer = openThermometer(hostFiles(machine.root), () => nowMs);
    expect((await thermometer.read())?.sensor).toBe("k10temp");
    rmSync(join(machine.root, "sys/class/hwmon/hwmon0"), { recursive: true });
    expect((await thermometer.read())?.sensor).toBe("acpitz");
    const type = join(machine.root, "sys/class/thermal/thermal_zone0/type");
    writeFileSync(type, "cpu-thermal\n");
    expect((await thermometer.read())?.sensor).toBe("acpitz");
    nowMs += 61_000;
    expect((await thermometer.read())?.sensor).toBe("cpu-thermal");
  });
});

describe.if(hasNamespaces(["--mount"]))("a box", () => {
  test("names the sensor in its status", async () => {
    await using tenk = await namespacedTenk(
      ["--mount"],
      `mount -t tmpfs tmpfs /sys/class && cd /sys/class && mkdir -p thermal/thermal_zone0 hwmon/hwmon1
       echo acpitz > thermal/thermal_zone0/type && echo 16800 > thermal/thermal_zone0/temp
       echo k10temp > hwmon/hwmon1/name && echo 42500 > hwmon/hwmon1/temp1_input`,
    );
    const { host } = await tenk.statusWhen(({ host }) => host.temperatureCelsius !== null);
    expect([host.temperatureCelsius, host.temperatureSensor]).toEqual([42.5, "k10temp"]);
    expect(tenk.statusText()).toContain("42.5 °C (k10temp)");
  }, 30_000);
});
