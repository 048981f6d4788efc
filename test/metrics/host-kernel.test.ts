import { describe, expect, test } from "bun:test";
import { hostFiles, numberOf } from "../../src/metrics/host/files.ts";
import {
  addEntropy,
  addFileDescriptors,
  addLoad,
  addSchedstat,
  addTime,
  addUname,
  addVmstat,
  parseLoad,
} from "../../src/metrics/host/kernel.ts";
import { addMemory, addPressure, parseMeminfo, parsePressure } from "../../src/metrics/host/memory.ts";
import { addOs, parseOsRelease } from "../../src/metrics/host/os-release.ts";
import { addCpu, addStat, type CpuTimes, parseStat, withoutStepsBack } from "../../src/metrics/host/stat.ts";
import { RASPBERRY_PI_4, X86_SERVER } from "./host-machines.ts";
import { added, fakeRoot } from "./host-support.ts";

describe("/proc/stat", () => {
  test("of a Raspberry Pi", async () => {
    const stat = parseStat(RASPBERRY_PI_4["/proc/stat"]!);
    expect([...stat.cpus.keys()]).toEqual(["0", "1", "2", "3"]);
    expect(stat.cpus.get("0")).toMatchObject({ user: 123.45, nice: 0.03, idle: 3558, iowait: 6, softirq: 6, guest: 0 });
    expect(await added((builder) => addStat(builder, stat))).toEqual({
      node_intr_total: 9876543,
      node_context_switches_total: 12345678,
      node_forks_total: 4321,
      node_boot_time_seconds: 1700000000,
      node_procs_running: 2,
      node_procs_blocked: 1,
    });
  });

  test("with guests, a processor that is off, and a column of the future", async () => {
    const values = await added((builder) => addCpu(builder, parseStat(X86_SERVER["/proc/stat"]!).cpus));
    expect(Object.keys(values)).toHaveLength(20);
    expect(values).toMatchObject({
      'node_cpu_seconds_total{cpu="0",mode="user"}': 10,
      'node_cpu_seconds_total{cpu="13",mode="steal"}': 0.08,
      'node_cpu_guest_seconds_total{cpu="0",mode="user"}': 0.9,
      'node_cpu_guest_seconds_total{cpu="0",mode="nice"}': 0.1,
    });
  });

  test("of an old kernel has fewer columns", () => {
    expect(parseStat("cpu0 100 0 0 400\n").cpus.get("0")).toMatchObject({ user: 1, idle: 4, iowait: 0, steal: 0 });
  });

  test("a small step back is hidden, a large one means that the processor was off", () => {
    const times = (user: number, idle: number): CpuTimes => ({ ...parseStat("cpu0 0").cpus.get("0")!, user, idle });
    expect(withoutStepsBack(undefined, times(5, 100))).toEqual(times(5, 100));
    expect(withoutStepsBack(times(5, 100), times(6, 99.5))).toEqual(times(6, 100));
    expect(withoutStepsBack(times(5, 100), times(0.5, 2))).toEqual(times(0.5, 2));
  });
});

test("/proc/meminfo has its units in its names", async () => {
  const values = await added((builder) => addMemory(builder, parseMeminfo(RASPBERRY_PI_4["/proc/meminfo"]!)));
  expect(values).toMatchObject({
    node_memory_MemTotal_bytes: 3882432 * 1024,
    node_memory_Active_anon_bytes: 120000 * 1024,
    node_memory_HugePages_Total: 0,
    node_memory_CmaFree_bytes: 480000 * 1024,
  });
  expect(parseMeminfo("MemTotal: many kB\n\nOdd 5 kB\nNew: 5 MB\n").size).toBe(0);
});

test("pressure is waiting and stalling, in seconds", async () => {
  const of = (resource: string) => parsePressure(X86_SERVER[`/proc/pressure/${resource}`]!);
  const all = { cpu: of("cpu"), io: of("io"), memory: of("memory"), irq: of("irq") };
  expect(await added((builder) => addPressure(builder, all))).toEqual({
    node_pressure_cpu_waiting_seconds_total: 1.5,
    node_pressure_io_waiting_seconds_total: 2.5,
    node_pressure_io_stalled_seconds_total: 1.25,
    node_pressure_memory_waiting_seconds_total: 3e-6,
    node_pressure_memory_stalled_seconds_total: 2e-6,
    node_pressure_irq_stalled_seconds_total: 4,
  });
});

test.each([
  ["0.42 0.31 0.20 2/187 4321\n", [0.42, 0.31, 0.2]],
  ["0.42", undefined],
  ["", undefined],
  ["a b c", undefined],
])("load: %p", (text, expected) => {
  expect(parseLoad(text) as unknown).toEqual(expected);
});

test("small files of the kernel", async () => {
  using machine = fakeRoot(RASPBERRY_PI_4);
  const files = hostFiles(machine.root);
  const values = await added((builder) => {
    addLoad(builder, parseLoad(files.text("/proc/loadavg")!));
    addFileDescriptors(builder, files.text("/proc/sys/fs/file-nr")!);
    addVmstat(builder, files.text("/proc/vmstat")!);
    addEntropy(builder, files);
    addUname(builder, files, "aarch64");
    addTime(builder, files, 1_700_000_123_456);
  });
  expect(values).toEqual({
    node_load1: 0.42,
    node_load5: 0.31,
    node_load15: 0.2,
    node_filefd_allocated: 1984,
    node_filefd_maximum: 388243,
    node_vmstat_pgpgin: 1234567,
    node_vmstat_pgpgout: 765432,
    node_vmstat_pswpin: 0,
    node_vmstat_pswpout: 0,
    node_vmstat_pgfault: 9999999,
    node_vmstat_oom_kill: 0,
    node_entropy_available_bits: 256,
    node_entropy_pool_size_bits: 256,
    'node_uname_info{domainname="(none)",machine="aarch64",nodename="pi",release="6.6.31+rpt-rpi-v8",sysname="Linux",version="#1 SMP PREEMPT Debian 1:6.6.31-1+rpt1 (2024-05-29)"}': 1,
    node_time_seconds: 1700000123.456,
    'node_time_clocksource_available_info{clocksource="arch_sys_counter",device="0"}': 1,
    'node_time_clocksource_current_info{clocksource="arch_sys_counter",device="0"}': 1,
  });
});

test("schedstat reads processors, not their domains", async () => {
  expect(await added((builder) => addSchedstat(builder, X86_SERVER["/proc/schedstat"]!))).toEqual({
    'node_schedstat_running_seconds_total{cpu="0"}': 1.5,
    'node_schedstat_running_seconds_total{cpu="1"}': 1,
    'node_schedstat_waiting_seconds_total{cpu="0"}': 2.5,
    'node_schedstat_waiting_seconds_total{cpu="1"}': 0,
    'node_schedstat_timeslices_total{cpu="0"}': 42,
    'node_schedstat_timeslices_total{cpu="1"}': 7,
  });
});

describe("os-release", () => {
  test("becomes an info and a version", async () => {
    expect(await added((builder) => addOs(builder, parseOsRelease(RASPBERRY_PI_4["/etc/os-release"]!)))).toEqual({
      'node_os_info{id="debian",name="Debian GNU/Linux",pretty_name="Debian GNU/Linux 12 (bookworm)",version="12 (bookworm)",version_codename="bookworm",version_id="12"}': 1,
      'node_os_version{id="debian",name="Debian GNU/Linux"}': 12,
    });
  });

  test.each([
    ["ID='a b'", "a b"],
    ['ID="a \\"b\\" \\$c"', 'a "b" $c'],
    ["export ID=a", "a"],
    ["  ID=a  ", "a"],
    ["ID=", ""],
    ["# ID=a", undefined],
  ])("reads %p as a shell would", (text, expected) => {
    expect(parseOsRelease(text).get("ID")).toBe(expected);
  });
});

test.each([
  ["5\n", 5],
  ["-1", -1],
  [" 0.5 ", 0.5],
  ["", undefined],
  ["0x10", undefined],
  ["1e5", undefined],
  ["5 6", undefined],
  ["<unsupported>", undefined],
  [undefined, undefined],
])("the number in %p is %p", (text, expected) => {
  expect(numberOf(text)).toBe(expected);
});
