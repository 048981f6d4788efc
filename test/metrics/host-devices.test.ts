import { describe, expect, test } from "bun:test";
import { hostFiles } from "../../src/metrics/host/files.ts";
import { addHwmon, addSensors } from "../../src/metrics/host/hwmon.ts";
import { addThrottling, addWear, parseLifeTime, parseThrottled } from "../../src/metrics/host/raspberry.ts";
import { addCpuFrequency, addThermal } from "../../src/metrics/host/thermal.ts";
import { RASPBERRY_PI_4 } from "./host-machines.ts";
import { added, fakeRoot } from "./host-support.ts";

describe("a Raspberry Pi's", () => {
  test("temperature and fan", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    expect(await added((builder) => addThermal(builder, hostFiles(machine.root)))).toEqual({
      'node_thermal_zone_temp{type="cpu-thermal",zone="0"}': 48.312,
      'node_cooling_device_cur_state{name="0",type="gpio-fan"}': 0,
      'node_cooling_device_max_state{name="0",type="gpio-fan"}': 1,
    });
  });

  test("frequencies and governor", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    expect(await added((builder) => addCpuFrequency(builder, hostFiles(machine.root)))).toEqual({
      'node_cpu_frequency_hertz{cpu="0"}': 1.5e9,
      'node_cpu_frequency_min_hertz{cpu="0"}': 0.6e9,
      'node_cpu_frequency_max_hertz{cpu="0"}': 1.8e9,
      'node_cpu_scaling_frequency_hertz{cpu="0"}': 1.5e9,
      'node_cpu_scaling_frequency_min_hertz{cpu="0"}': 0.6e9,
      'node_cpu_scaling_frequency_max_hertz{cpu="0"}': 1.8e9,
      'node_cpu_scaling_governor{cpu="0",governor="ondemand"}': 1,
      'node_cpu_scaling_governor{cpu="0",governor="performance"}': 0,
    });
  });

  test("sensors, named by their place", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    expect(await added((builder) => addHwmon(builder, hostFiles(machine.root)))).toEqual({
      'node_hwmon_chip_names{chip="thermal_thermal_zone0",chip_name="cpu_thermal"}': 1,
      'node_hwmon_temp_celsius{chip="thermal_thermal_zone0",sensor="temp1"}': 48.312,
      'node_hwmon_chip_names{chip="soc:firmware_raspberrypi_hwmon",chip_name="rpi_volt"}': 1,
      // Odd, but node_exporter's: an alarm with a qualifier has the unit of its sensor.
      'node_hwmon_in_lcrit_alarm_volts{chip="soc:firmware_raspberrypi_hwmon",sensor="in0"}': 0.001,
    });
  });

  test("under-voltage and throttling, from the firmware", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    expect(await added((builder) => addThrottling(builder, hostFiles(machine.root)))).toEqual({
      'tenk_host_throttled{cause="under-voltage"}': 1,
      'tenk_host_throttled{cause="frequency-capped"}': 0,
      'tenk_host_throttled{cause="throttled"}': 1,
      'tenk_host_throttled{cause="soft-temperature-limit"}': 0,
      'tenk_host_throttled_since_start{cause="under-voltage"}': 1,
      'tenk_host_throttled_since_start{cause="frequency-capped"}': 0,
      'tenk_host_throttled_since_start{cause="throttled"}': 1,
      'tenk_host_throttled_since_start{cause="soft-temperature-limit"}': 0,
    });
  });

  test("the same on a Raspberry Pi 5, and from a kernel with only the alarm", async () => {
    const soc = "soc@107c000000";
    using five = fakeRoot({ [`/sys/devices/platform/${soc}/${soc}:firmware/get_throttled`]: "80000\n" });
    expect(await added((builder) => addThrottling(builder, hostFiles(five.root)))).toMatchObject({
      'tenk_host_throttled{cause="soft-temperature-limit"}': 0,
      'tenk_host_throttled_since_start{cause="soft-temperature-limit"}': 1,
    });
    const { "/sys/devices/platform/soc/soc:firmware/get_throttled": _, ...others } = RASPBERRY_PI_4;
    using mainline = fakeRoot(others);
    expect(await added((builder) => addThrottling(builder, hostFiles(mainline.root)))).toEqual({
      'tenk_host_throttled{cause="under-voltage"}': 1,
    });
  });

  test("flash memory's wear, where it is reported", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    expect(await added((builder) => addWear(builder, hostFiles(machine.root)))).toEqual({
      'tenk_host_flash_wear_ratio{area="a",device="mmcblk0"}': 0.1,
      'tenk_host_flash_wear_ratio{area="b",device="mmcblk0"}': 0.3,
      'tenk_host_flash_spare_state{device="mmcblk0"}': 1,
    });
    using card = fakeRoot({ "/sys/block/mmcblk0/device/name": "SD64G\n" });
    expect(await added(async (builder) => expect(await addWear(builder, hostFiles(card.root))).toBe(false))).toEqual(
      {},
    );
  });
});

test.each([
  ["0x01 0x02\n", [0.1, 0.2]],
  ["0x0a 0x0b", [1, 1.1]],
  ["0x00 0x0c", [undefined, undefined]],
  ["0x05", [0.5]],
  ["worn", [undefined]],
])("life time %p", (text, expected) => {
  expect(parseLifeTime(text).ratios).toEqual(expected);
});

test.each(["", "none", "0x", "123456789", "-1"])("no throttling in %p", (text) => {
  expect(parseThrottled(text)).toBeUndefined();
});

describe("a sensor's file", () => {
  test.each([
    [
      "temperature",
      { temp1: { input: "45000", max: "90000", crit_alarm: "0", fault: "0", type: "4", beep: "1" } },
      {
        'node_hwmon_temp_celsius{chip="c",sensor="temp1"}': 45,
        'node_hwmon_temp_max_celsius{chip="c",sensor="temp1"}': 90,
        'node_hwmon_temp_crit_alarm_celsius{chip="c",sensor="temp1"}': 0,
        'node_hwmon_temp_fault{chip="c",sensor="temp1"}': 0,
        'node_hwmon_temp_type{chip="c",sensor="temp1"}': 4,
        'node_hwmon_temp_beep_enabled{chip="c",sensor="temp1"}': 1,
      },
    ],
    [
      "fan",
      { fan1: { input: "1200", alarm: "0", div: "8", label: "rear" } },
      {
        'node_hwmon_sensor_label{chip="c",label="rear",sensor="fan1"}': 1,
        'node_hwmon_fan_rpm{chip="c",sensor="fan1"}': 1200,
        'node_hwmon_fan_alarm{chip="c",sensor="fan1"}': 0,
        'node_hwmon_fan_div{chip="c",sensor="fan1"}': 8,
      },
    ],
    [
      "fan's drive",
      { pwm1: { "": "128", enable: "2" } },
      {
        'node_hwmon_pwm{chip="c",sensor="pwm1"}': 128,
        'node_hwmon_pwm_enable{chip="c",sensor="pwm1"}': 2,
      },
    ],
    [
      "power",
      { power1: { average: "9500000", average_interval: "1000", accuracy: "50000" } },
      {
        'node_hwmon_power_average_watt{chip="c",sensor="power1"}': 9.5,
        'node_hwmon_power_average_interval_seconds{chip="c",sensor="power1"}': 1,
        'node_hwmon_power_accuracy{chip="c",sensor="power1"}': 0.05,
      },
    ],
    [
      "energy, current, voltage, humidity",
      {
        energy1: { input: "2000000" },
        curr1: { input: "500" },
        in0: { input: "3300" },
        humidity1: { input: "500000" },
      },
      {
        'node_hwmon_energy_joule_total{chip="c",sensor="energy1"}': 2,
        'node_hwmon_curr_amps{chip="c",sensor="curr1"}': 0.5,
        'node_hwmon_in_volts{chip="c",sensor="in0"}': 3.3,
        'node_hwmon_humidity{chip="c",sensor="humidity1"}': 0.5,
      },
    ],
    [
      "chip as a whole",
      { beep_enable0: { "": "1" }, update_interval0: { "": "1500" }, vrm0: { "": "9" } },
      {
        'node_hwmon_beep_enabled{chip="c",sensor="beep_enable0"}': 1,
        'node_hwmon_update_interval_seconds{chip="c",sensor="update_interval0"}': 1.5,
        'node_hwmon_voltage_regulator_version{chip="c",sensor="vrm0"}': 9,
      },
    ],
    [
      "graphics clock",
      { freq1: { input: "300000000", label: "sclk" }, freq2: { input: "5" } },
      {
        'node_hwmon_sensor_label{chip="c",label="sclk",sensor="freq1"}': 1,
        'node_hwmon_freq_freq_mhz{chip="c",sensor="sclk"}': 300,
      },
    ],
    ["broken sensor", { temp2: { input: "" }, temp3: { input: "hot" } }, {}],
  ])("of a %s", async (_, sensors, expected) => {
    const texts = new Map(
      Object.entries(sensors).map(([name, texts]) => [name, new Map(Object.entries<string>(texts))]),
    );
    expect(await added((builder) => addSensors(builder, "c", texts))).toEqual(expected as Record<string, number>);
  });

  test("may lie in a subfolder, and two chips of one place are distinguished", async () => {
    using machine = fakeRoot({
      "/sys/devices/platform/asus/temp1_input": "1000\n",
      "/sys/class/hwmon/hwmon0/device": "→ /sys/devices/platform/asus",
      "/sys/class/hwmon/hwmon0/name": "Asus Fan\n",
      "/sys/class/hwmon/hwmon1/device": "→ /sys/devices/platform/asus",
      "/sys/class/hwmon/hwmon1/name": "asus_wmi\n",
      "/sys/class/hwmon/hwmon2/fan1_input": "7\n",
    });
    expect(await added((builder) => addHwmon(builder, hostFiles(machine.root)))).toEqual({
      'node_hwmon_chip_names{chip="platform_asus_asus_fan",chip_name="asus_fan"}': 1,
      'node_hwmon_chip_names{chip="platform_asus_asus_wmi",chip_name="asus_wmi"}': 1,
      'node_hwmon_temp_celsius{chip="platform_asus_asus_fan",sensor="temp1"}': 1,
      'node_hwmon_temp_celsius{chip="platform_asus_asus_wmi",sensor="temp1"}': 1,
      'node_hwmon_fan_rpm{chip="hwmon2",sensor="fan1"}': 7,
    });
  });
});
