import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf, wordsOfLines } from "./files.ts";

/** Columns of /proc/diskstats after the device's name: name, type, factor, help. Older kernels have 11. */
const COLUMNS = [
  ["reads_completed_total", "counter", 1, "The total number of reads completed successfully."],
  ["reads_merged_total", "counter", 1, "The total number of reads merged."],
  ["read_bytes_total", "counter", 512, "The total number of bytes read successfully."],
  ["read_time_seconds_total", "counter", 1e-3, "This is the total number of seconds spent by all reads."],
  ["writes_completed_total", "counter", 1, "The total number of writes completed successfully."],
  ["writes_merged_total", "counter", 1, "The number of writes merged."],
  ["written_bytes_total", "counter", 512, "The total number of bytes written successfully."],
  ["write_time_seconds_total", "counter", 1e-3, "This is the total number of seconds spent by all writes."],
  ["io_now", "gauge", 1, "The number of I/Os currently in progress."],
  ["io_time_seconds_total", "counter", 1e-3, "Total seconds spent doing I/Os."],
  ["io_time_weighted_seconds_total", "counter", 1e-3, "The weighted # of seconds spent doing I/Os."],
  ["discards_completed_total", "counter", 1, "The total number of discards completed successfully."],
  ["discards_merged_total", "counter", 1, "The total number of discards merged."],
  ["discarded_sectors_total", "counter", 1, "The total number of sectors discarded successfully."],
  ["discard_time_seconds_total", "counter", 1e-3, "This is the total number of seconds spent by all discards."],
  ["flush_requests_total", "counter", 1, "The total number of flush requests completed successfully"],
  [
    "flush_requests_time_seconds_total",
    "counter",
    1e-3,
    "This is the total number of seconds spent by all flush requests.",
  ],
] as const;

/** One line of /proc/diskstats. */
export interface Disk {
  readonly device: string;
  readonly major: string;
  readonly minor: string;
  /** By the column's name, in its unit: bytes, seconds, counts. */
  readonly values: ReadonlyMap<string, number>;
}

export function parseDiskstats(text: string): Disk[] {
  const disks: Disk[] = [];
  for (const [major = "", minor = "", device, ...numbers] of wordsOfLines(text)) {
    if (device === undefined || !/^\d+$/.test(major) || !/^\d+$/.test(minor)) continue;
    const values = new Map<string, number>();
    for (const [index, [name, , unit]] of COLUMNS.entries()) {
      const value = numberOf(numbers[index]);
      // Dividing keeps 9278 ms exactly 9.278 s; multiplying by 0.001 does not.
      if (value !== undefined) values.set(name, unit < 1 ? value / 1000 : value * unit);
    }
    disks.push({ device, major, minor, values });
  }
  return disks;
}

/** @param exclude devices that are left out, mostly partitions */
export function addDisks(builder: FamilyBuilder, disks: readonly Disk[], files: HostFiles, exclude: RegExp): void {
  for (const disk of disks) {
    const { device, major, minor, values } = disk;
    if (exclude.test(device)) continue;
    const udev = parseUdev(files.text(`/run/udev/data/b${major}:${minor}`) ?? "");
    addInfo(builder, disk, udev);
    for (const [name, type, , help] of COLUMNS) {
      builder.add(type, `node_disk_${name}`, help, values.get(name), { device });
    }
    const rotation = numberOf(udev.get("ID_ATA_ROTATION_RATE_RPM"));
    if (!udev.get("ID_ATA")) continue;
    const cache = numberOf(udev.get("ID_ATA_WRITE_CACHE"));
    const isEnabled = numberOf(udev.get("ID_ATA_WRITE_CACHE_ENABLED"));
    const help = "ATA disk rotation rate in RPMs (0 for SSDs).";
    builder.add("gauge", "node_disk_ata_write_cache", "ATA disk has a write cache.", cache, { device });
    builder.add("gauge", "node_disk_ata_write_cache_enabled", "ATA disk has its write cache enabled.", isEnabled, {
      device,
    });
    builder.add("gauge", "node_disk_ata_rotation_rate_rpm", help, rotation, { device });
  }
}

function addInfo(builder: FamilyBuilder, { device, major, minor }: Disk, udev: ReadonlyMap<string, string>): void {
  const word = (key: string) => udev.get(key) ?? "";
  builder.add("gauge", "node_disk_info", "Info of /sys/block/<block_device>.", 1, {
    device,
    major,
    minor,
    path: word("ID_PATH"),
    wwn: word("ID_WWN"),
    model: word("ID_MODEL"),
    serial: word("ID_SERIAL_SHORT"),
    revision: word("ID_REVISION"),
  });
  if (word("ID_FS_TYPE") !== "") {
    builder.add("gauge", "node_disk_filesystem_info", "Info about disk filesystem.", 1, {
      device,
      type: word("ID_FS_TYPE"),
      usage: word("ID_FS_USAGE"),
      uuid: word("ID_FS_UUID"),
      version: word("ID_FS_VERSION"),
    });
  }
  if (word("DM_NAME") !== "") {
    builder.add("gauge", "node_disk_device_mapper_info", "Info about disk device mapper.", 1, {
      device,
      name: word("DM_NAME"),
      uuid: word("DM_UUID"),
      vg_name: word("DM_VG_NAME"),
      lv_name: word("DM_LV_NAME"),
      lv_layer: word("DM_LV_LAYER"),
    });
  }
}

/** Parses udev's properties of a device: lines `E:KEY=value` among others. */
export function parseUdev(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^E:([^=]+)=(.*)$/.exec(line);
    if (match) properties.set(match[1]!, match[2]!);
  }
  return properties;
}
