import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf, wordsOfLines } from "./files.ts";

/** Returns the load averages over 1, 5 and 15 minutes; undefined for an invalid text. */
export function parseLoad(text: string): readonly [number, number, number] | undefined {
  const [one, five, fifteen] = text.trim().split(/\s+/).map(numberOf);
  return one !== undefined && five !== undefined && fifteen !== undefined ? [one, five, fifteen] : undefined;
}

export function addLoad(builder: FamilyBuilder, load: ReturnType<typeof parseLoad>): void {
  builder.add("gauge", "node_load1", "1m load average.", load?.[0]);
  builder.add("gauge", "node_load5", "5m load average.", load?.[1]);
  builder.add("gauge", "node_load15", "15m load average.", load?.[2]);
}

/** /proc/sys/fs/file-nr: descriptors in use, an old column that is 0, and how many there may be. */
export function addFileDescriptors(builder: FamilyBuilder, text: string): void {
  const [allocated, , maximum] = text.trim().split(/\s+/).map(numberOf);
  builder.add("gauge", "node_filefd_allocated", "File descriptor statistics: allocated.", allocated);
  builder.add("gauge", "node_filefd_maximum", "File descriptor statistics: maximum.", maximum);
}

export function addEntropy(builder: FamilyBuilder, files: HostFiles): boolean {
  const available = numberOf(files.text("/proc/sys/kernel/random/entropy_avail"));
  const size = numberOf(files.text("/proc/sys/kernel/random/poolsize"));
  builder.add("gauge", "node_entropy_available_bits", "Bits of available entropy.", available);
  builder.add("gauge", "node_entropy_pool_size_bits", "Bits of entropy pool.", size);
  return available !== undefined;
}

/** @param machine the processor's name as of `uname -m`, which /proc does not have */
export function addUname(builder: FamilyBuilder, files: HostFiles, machine: string): boolean {
  const word = (name: string) => files.text(`/proc/sys/kernel/${name}`)?.trim();
  const sysname = word("ostype");
  if (sysname === undefined) return false;
  builder.add("gauge", "node_uname_info", "Labeled system information as provided by the uname system call.", 1, {
    sysname,
    release: word("osrelease") ?? "",
    version: word("version") ?? "",
    machine,
    nodename: word("hostname") ?? "",
    domainname: word("domainname") ?? "",
  });
  return true;
}

export function addTime(builder: FamilyBuilder, files: HostFiles, nowMs: number): void {
  builder.add("gauge", "node_time_seconds", "System time in seconds since epoch (1970).", nowMs / 1000);
  const folder = "/sys/devices/system/clocksource";
  const devices = files.list(folder).filter((name) => /^clocksource\d+$/.test(name));
  for (const [index, name] of devices.entries()) {
    const device = String(index);
    const words = (file: string) => files.text(`${folder}/${name}/${file}`)?.trim().split(/\s+/) ?? [];
    const help = (which: string) => `${which} read from '${folder}'.`;
    for (const clocksource of words("available_clocksource")) {
      const labels = { device, clocksource };
      builder.add("gauge", "node_time_clocksource_available_info", help("Available clocksources"), 1, labels);
    }
    const clocksource = words("current_clocksource")[0] ?? "";
    const labels = { device, clocksource };
    builder.add("gauge", "node_time_clocksource_current_info", help("Current clocksource"), 1, labels);
  }
}

/** The fields of /proc/vmstat that node_exporter exports. */
const VMSTAT_FIELDS = /^(oom_kill|pgpg|pswp|pg.*fault).*/;

export function addVmstat(builder: FamilyBuilder, text: string): void {
  for (const [field = "", value] of wordsOfLines(text)) {
    if (!VMSTAT_FIELDS.test(field)) continue;
    builder.add("untyped", `node_vmstat_${field}`, `/proc/vmstat information field ${field}.`, numberOf(value));
  }
}

/** /proc/schedstat: the seventh to ninth number of each processor's line. Its scheduling domains are not read. */
export function addSchedstat(builder: FamilyBuilder, text: string): void {
  for (const words of wordsOfLines(text)) {
    const cpu = /^cpu(\d+)$/.exec(words[0] ?? "")?.[1];
    if (cpu === undefined || words.length < 10) continue;
    const [running, waiting, slices] = words.slice(7, 10).map(numberOf);
    const add = (name: string, help: string, value: number | undefined) =>
      builder.add("counter", `node_schedstat_${name}_total`, help, value, { cpu });
    add("running_seconds", "Number of seconds CPU spent running a process.", seconds(running));
    add("waiting_seconds", "Number of seconds spent by processing waiting for this CPU.", seconds(waiting));
    add("timeslices", "Number of timeslices executed by CPU.", slices);
  }
}

function seconds(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / 1e9;
}
