import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { hasNamespaces, namespacedTenk } from "./namespaced.ts";

const APART = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];

/** Mounts as many that hang as there are words, and one that does not. */
const mounts = (...names: readonly string[]) => `
  mkdir "$DIR/healthy" && mount -t tmpfs tmpfs "$DIR/healthy"
  for name in ${names.join(" ")}; do
    mkdir "$DIR/$name"
    "$BUN" "${join(import.meta.dirname, "hung-mount.ts")}" "$DIR/$name" > "$DIR/$name.log" &
    until grep -q mounted "$DIR/$name.log"; do sleep 0.05; done
  done`;

/** The processor's chip, a zone whose driver does not answer: nobody writes into the pipe. */
const SENSORS = `
  mount -t tmpfs tmpfs /sys/class && cd /sys/class
  mkdir -p hwmon/hwmon0 hwmon/hwmon1 thermal/thermal_zone0 thermal/thermal_zone1
  echo stuck > hwmon/hwmon0/name && mkfifo hwmon/hwmon0/temp1_input
  echo k10temp > hwmon/hwmon1/name && echo 42500 > hwmon/hwmon1/temp1_input
  echo stuck > thermal/thermal_zone0/type && mkfifo thermal/thermal_zone0/temp
  echo acpitz > thermal/thermal_zone1/type && echo 16800 > thermal/thermal_zone1/temp`;

const shownBy = (values: Record<string, number>, family: string, label: string) =>
  Object.keys(values)
    .filter((series) => series.startsWith(`${family}{`))
    .map((series) => new RegExp(`${label}="(?:.*/)?([^"]*)"`).exec(series)?.[1]);

describe.if(hasNamespaces(APART))("a hanging device loses only its own values:", () => {
  test("mounts", async () => {
    await using tenk = await namespacedTenk(APART, mounts("nas1", "nas2", "nas3"));
    for (let scrape = 0; scrape < 3; scrape++) {
      const values = await tenk.metrics();
      expect(shownBy(values, "node_filesystem_size_bytes", "mountpoint")).toContain("healthy");
      const errors = Object.keys(values).filter((series) =>
        /^node_filesystem_device_error.*device_error="/.test(series),
      );
      expect(errors.map((series) => /device_error="(.*?)".*\/(nas.*?)"/.exec(series)?.slice(1)).sort()).toEqual([
        ["mountpoint timeout", "nas1"],
        ["mountpoint timeout", "nas2"],
        ["mountpoint timeout", "nas3"],
      ]);
      await tenk.statusWhen(({ host }) => host.rootTotalBytes !== null);
    }
  }, 30_000);

  test("sensors", async () => {
    await using tenk = await namespacedTenk(APART, SENSORS);
    for (let scrape = 0; scrape < 3; scrape++) {
      const values = await tenk.metrics();
      expect(values['node_hwmon_temp_celsius{chip="k10temp",sensor="temp1"}']).toBe(42.5);
      expect(values['node_thermal_zone_temp{type="acpitz",zone="1"}']).toBe(16.8);
      expect(shownBy(values, "node_hwmon_temp_celsius", "chip")).toEqual(["k10temp"]);
      // A value is missing, and this shows where.
      expect(values['node_scrape_collector_success{collector="hwmon"}']).toBe(0);
      expect(values['node_scrape_collector_success{collector="cpufreq"}']).toBe(1);
    }
  }, 30_000);
});
