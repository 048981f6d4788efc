import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf, wordsOfLines } from "./files.ts";

/** Columns of /proc/net/dev, left to right. */
const COLUMNS = [
  "receive_bytes",
  "receive_packets",
  "receive_errs",
  "receive_drop",
  "receive_fifo",
  "receive_frame",
  "receive_compressed",
  "receive_multicast",
  "transmit_bytes",
  "transmit_packets",
  "transmit_errs",
  "transmit_drop",
  "transmit_fifo",
  "transmit_colls",
  "transmit_carrier",
  "transmit_compressed",
] as const;

/** Counts of one network device since it appeared, by the column's name. */
export type DeviceCounts = ReadonlyMap<string, number>;

/** Parses /proc/net/dev. A name may have any character but `/`, `:` and spaces, and the first number may follow it directly. */
export function parseNetDevices(text: string): Map<string, DeviceCounts> {
  const devices = new Map<string, DeviceCounts>();
  for (const line of text.split("\n")) {
    const match = /^\s*(\S+):\s*(\d.*)$/.exec(line);
    if (match === null) continue;
    const numbers = match[2]!.trim().split(/\s+/).map(numberOf);
    const counts = new Map<string, number>();
    for (const [index, column] of COLUMNS.entries()) {
      const value = numbers[index];
      if (value !== undefined) counts.set(column, value);
    }
    devices.set(match[1]!, counts);
  }
  return devices;
}

/** @param exclude devices that are left out */
export function addNetDevices(
  builder: FamilyBuilder,
  devices: ReadonlyMap<string, DeviceCounts>,
  files: HostFiles,
  exclude: RegExp,
): void {
  for (const [device, counts] of devices) {
    if (exclude.test(device)) continue;
    const add = (name: string, value: number | undefined) =>
      builder.add("counter", `node_network_${name}_total`, `Network device statistic ${name}.`, value, { device });
    for (const [column, value] of counts) add(column, value);
    add("receive_nohandler", numberOf(files.text(`/sys/class/net/${device}/statistics/rx_nohandler`)));
  }
}

/** File of a device's folder, name, type. */
const ATTRIBUTES = [
  ["addr_assign_type", "address_assign_type", "gauge"],
  ["carrier", "carrier", "gauge"],
  ["carrier_changes", "carrier_changes_total", "counter"],
  ["carrier_up_count", "carrier_up_changes_total", "counter"],
  ["carrier_down_count", "carrier_down_changes_total", "counter"],
  ["dev_id", "device_id", "gauge"],
  ["dormant", "dormant", "gauge"],
  ["flags", "flags", "gauge"],
  ["ifindex", "iface_id", "gauge"],
  ["iflink", "iface_link", "gauge"],
  ["link_mode", "iface_link_mode", "gauge"],
  ["mtu", "mtu_bytes", "gauge"],
  ["name_assign_type", "name_assign_type", "gauge"],
  ["netdev_group", "net_dev_group", "gauge"],
  ["tx_queue_len", "transmit_queue_length", "gauge"],
  ["type", "protocol_type", "gauge"],
] as const;

/** Reading these takes the kernel's global lock on network devices, which a driver in trouble holds for seconds. */
const LOCKED = ["carrier", "duplex", "speed"] as const;

/** Reads /sys/class/net. Some files of a device that is down cannot be read. */
export async function addNetClass(builder: FamilyBuilder, files: HostFiles, maxDevices = 64): Promise<void> {
  const devices = files.list("/sys/class/net").slice(0, maxDevices);
  await Promise.all(
    devices.map(async (device) => {
      const folder = `/sys/class/net/${device}`;
      const operstate = files.text(`${folder}/operstate`)?.trim();
      // Not a device, such as `bonding_masters`, or it is gone by now.
      if (operstate === undefined) return;
      const texts = await files.slowTexts(
        folder,
        LOCKED.map((file) => `${folder}/${file}`),
      );
      const locked = new Map<string, string | undefined>(LOCKED.map((file, index) => [file, texts[index]]));
      addDevice(builder, device, operstate, (file) =>
        (locked.has(file) ? locked.get(file) : files.text(`${folder}/${file}`))?.trim(),
      );
    }),
  );
}

function addDevice(
  builder: FamilyBuilder,
  device: string,
  operstate: string,
  text: (file: string) => string | undefined,
): void {
  const isUp = operstate === "up" ? 1 : 0;
  builder.add("gauge", "node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.", isUp, { device });
  builder.add("gauge", "node_network_info", "Non-numeric data from /sys/class/net/<iface>, value is always 1.", 1, {
    device,
    address: text("address") ?? "",
    broadcast: text("broadcast") ?? "",
    duplex: text("duplex") ?? "",
    operstate,
    ifalias: text("ifalias") ?? "",
  });
  for (const [file, name, type] of ATTRIBUTES) {
    builder.add(type, `node_network_${name}`, `Network device property: ${name}`, numberInAnyBase(text(file)), {
      device,
    });
  }
  const megabits = numberOf(text("speed"));
  const bytes = megabits === undefined ? undefined : (megabits * 1e6) / 8;
  builder.add("gauge", "node_network_speed_bytes", "Network device property: speed_bytes", bytes, { device });
}

/** `flags` and `dev_id` are written as 0x1003. */
function numberInAnyBase(text: string | undefined): number | undefined {
  return text !== undefined && /^0x[0-9a-f]{1,12}$/i.test(text) ? Number(text) : numberOf(text);
}

/**
 * Parses /proc/net/netstat and /proc/net/snmp: for each protocol a line of names, then a line of values.
 *
 * @example
 * parseNetstat("Tcp: InSegs OutSegs\nTcp: 5 7\n").get("Tcp_OutSegs"); // 7
 */
export function parseNetstat(text: string): Map<string, number> {
  const fields = new Map<string, number>();
  const rows = wordsOfLines(text);
  for (let index = 0; index + 1 < rows.length; index += 2) {
    const [[heading = "", ...names], [again, ...values]] = [rows[index]!, rows[index + 1]!];
    if (heading !== again || !heading.endsWith(":")) continue;
    for (const [column, name] of names.entries()) {
      const value = numberOf(values[column]);
      if (value !== undefined) fields.set(`${heading.slice(0, -1)}_${name}`, value);
    }
  }
  return fields;
}

/** Parses /proc/net/snmp6: a name and a value per line. The protocol is the part up to the first 6. */
export function parseSnmp6(text: string): Map<string, number> {
  const fields = new Map<string, number>();
  for (const [name = "", word] of wordsOfLines(text)) {
    const match = /^([^6]*6)(.+)$/.exec(name);
    const value = numberOf(word);
    if (match !== null && value !== undefined) fields.set(`${match[1]}_${match[2]}`, value);
  }
  return fields;
}

/** The fields that node_exporter exports, of more than a hundred. */
const NETSTAT_FIELDS =
  /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/;

export function addNetstat(builder: FamilyBuilder, fields: ReadonlyMap<string, number>): void {
  for (const [field, value] of fields) {
    if (!NETSTAT_FIELDS.test(field)) continue;
    builder.add("untyped", `node_netstat_${field}`, `Statistic ${field.replace("_", "")}.`, value);
  }
}
