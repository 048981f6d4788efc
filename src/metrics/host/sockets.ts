import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf, wordsOfLines } from "./files.ts";

/** The states that node_exporter exports; a kernel may have more. */
const STATES = ["inuse", "orphan", "tw", "alloc", "mem", "memory"] as const;

/** Parses /proc/net/sockstat and sockstat6: a line per protocol, with pairs of name and number. */
export function parseSockstat(text: string): Map<string, ReadonlyMap<string, number>> {
  const protocols = new Map<string, ReadonlyMap<string, number>>();
  for (const [protocol = "", ...words] of wordsOfLines(text)) {
    if (!protocol.endsWith(":")) continue;
    const states = new Map<string, number>();
    for (let index = 0; index + 1 < words.length; index += 2) {
      const value = numberOf(words[index + 1]);
      if (value !== undefined) states.set(words[index]!, value);
    }
    protocols.set(protocol.slice(0, -1), states);
  }
  return protocols;
}

/** @param pageBytes size of a memory page, the unit of `mem`: 4096, or 16384 on a Raspberry Pi 5 */
export function addSockstat(
  builder: FamilyBuilder,
  protocols: ReturnType<typeof parseSockstat>,
  pageBytes: number,
): void {
  for (const [protocol, states] of protocols) {
    if (protocol === "sockets") {
      builder.add("gauge", "node_sockstat_sockets_used", "Number of IPv4 sockets in use.", states.get("used"));
      continue;
    }
    const add = (state: string, value: number | undefined) => {
      const help = `Number of ${protocol} sockets in state ${state}.`;
      builder.add("gauge", `node_sockstat_${protocol}_${state}`, help, value);
    };
    for (const state of STATES) add(state, states.get(state));
    const pages = states.get("mem");
    add("mem_bytes", pages === undefined ? undefined : pages * pageBytes);
  }
}

/** Returns the size of a memory page: the kernel reports this process's address space both in pages and in KiB. */
export function pageBytesOf(files: HostFiles): number {
  const pages = numberOf(files.text("/proc/self/statm")?.split(" ")[0]);
  const kibibytes = numberOf(/^VmSize:\s+(\d+) kB$/m.exec(files.text("/proc/self/status") ?? "")?.[1]);
  if (!pages || !kibibytes) return 4096;
  const bytes = 2 ** Math.round(Math.log2((kibibytes * 1024) / pages));
  return bytes >= 4096 && bytes <= 65536 ? bytes : 4096;
}

/** Reads /proc/net/softnet_stat: a hexadecimal line per processor, with the processor's number since Linux 5.14. */
export function addSoftnet(builder: FamilyBuilder, text: string): void {
  for (const [row, words] of wordsOfLines(text).entries()) {
    if (words.length < 9) continue;
    const cpu = String(words.length >= 13 ? hexadecimal(words[12]) : row);
    const add = (name: string, help: string, column: number) =>
      builder.add("counter", `node_softnet_${name}_total`, help, hexadecimal(words[column]), { cpu });
    add("processed", "Number of processed packets", 0);
    add("dropped", "Number of dropped packets", 1);
    add("times_squeezed", "Number of times processing packets ran out of quota", 2);
    add("cpu_collision", "Number of collision occur while obtaining device lock while transmitting", 8);
    add("received_rps", "Number of times cpu woken up received_rps", 9);
    add("flow_limit_count", "Number of times flow limit has been reached", 10);
    builder.add("gauge", "node_softnet_backlog_len", "Softnet backlog status", hexadecimal(words[11]), { cpu });
  }
}

/** Reads /proc/net/arp: a line of headings, then a line per neighbour, which ends with its device. */
export function addArp(builder: FamilyBuilder, text: string): void {
  const entries = new Map<string, number>();
  for (const words of wordsOfLines(text).slice(1)) {
    const device = words[5];
    if (device !== undefined) entries.set(device, (entries.get(device) ?? 0) + 1);
  }
  for (const [device, count] of entries) {
    builder.add("gauge", "node_arp_entries", "ARP entries by device", count, { device });
  }
}

/** Reads /proc/net/udp and udp6: a line per socket, with `tx_queue:rx_queue` in hexadecimal. */
export function addUdpQueues(builder: FamilyBuilder, text: string, ip: "v4" | "v6"): void {
  const bytes = { tx: 0, rx: 0 };
  for (const words of wordsOfLines(text).slice(1)) {
    const [sending, receiving] = (words[4] ?? "").split(":").map(hexadecimal);
    bytes.tx += sending ?? 0;
    bytes.rx += receiving ?? 0;
  }
  const help = "Number of allocated memory in the kernel for UDP datagrams in bytes.";
  for (const queue of ["tx", "rx"] as const) builder.add("gauge", "node_udp_queues", help, bytes[queue], { queue, ip });
}

/** Columns of /proc/net/stat/nf_conntrack, with their help. */
const CONNTRACK_COLUMNS = [
  ["found", "Number of searched entries which were successful."],
  ["invalid", "Number of packets seen which can not be tracked."],
  ["ignore", "Number of packets seen which are already connected to a conntrack entry."],
  ["insert", "Number of entries inserted into the list."],
  ["insert_failed", "Number of entries for which list insertion was attempted but failed."],
  ["drop", "Number of packets dropped due to conntrack failure."],
  ["early_drop", "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached."],
  ["search_restart", "Number of conntrack table lookups which had to be restarted due to hashtable resizes."],
] as const;

/** Sums /proc/net/stat/nf_conntrack: a line of headings, then a hexadecimal line per processor. */
export function parseConntrack(text: string): Map<string, number> {
  const [headings = [], ...rows] = wordsOfLines(text);
  const sums = new Map<string, number>();
  for (const words of rows) {
    for (const [column, heading] of headings.entries()) {
      sums.set(heading, (sums.get(heading) ?? 0) + (hexadecimal(words[column]) ?? 0));
    }
  }
  return sums;
}

/** Returns false where the kernel tracks no connections: the module is loaded with the first rule that needs it. */
export function addConntrack(builder: FamilyBuilder, files: HostFiles): boolean {
  const folder = "/proc/sys/net/netfilter";
  const entries = numberOf(files.text(`${folder}/nf_conntrack_count`));
  if (entries === undefined) return false;
  const limit = numberOf(files.text(`${folder}/nf_conntrack_max`));
  builder.add(
    "gauge",
    "node_nf_conntrack_entries",
    "Number of currently allocated flow entries for connection tracking.",
    entries,
  );
  builder.add("gauge", "node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.", limit);
  const sums = parseConntrack(files.text("/proc/net/stat/nf_conntrack") ?? "");
  for (const [column, help] of CONNTRACK_COLUMNS) {
    builder.add("gauge", `node_nf_conntrack_stat_${column}`, help, sums.get(column));
  }
  return true;
}

function hexadecimal(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9a-f]{1,12}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}
