import { describe, expect, test } from "bun:test";
import { hostFiles } from "../../src/metrics/host/files.ts";
import {
  addNetClass,
  addNetDevices,
  addNetstat,
  parseNetDevices,
  parseNetstat,
  parseSnmp6,
} from "../../src/metrics/host/network.ts";
import {
  addArp,
  addConntrack,
  addSockstat,
  addSoftnet,
  addUdpQueues,
  pageBytesOf,
  parseConntrack,
  parseSockstat,
} from "../../src/metrics/host/sockets.ts";
import { RASPBERRY_PI_4, X86_SERVER } from "./host-machines.ts";
import { added, fakeRoot } from "./host-support.ts";

describe("/proc/net/dev", () => {
  test("becomes a counter for each column and device that is not left out", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    const devices = parseNetDevices(RASPBERRY_PI_4["/proc/net/dev"]!);
    const values = await added((builder) => addNetDevices(builder, devices, hostFiles(machine.root), /^lo$/));
    expect(Object.keys(values)).toHaveLength(16 + 1 + 16);
    expect(values).toMatchObject({
      'node_network_receive_bytes_total{device="eth0"}': 987654321,
      'node_network_receive_drop_total{device="eth0"}': 2,
      'node_network_receive_multicast_total{device="eth0"}': 678,
      'node_network_receive_nohandler_total{device="eth0"}': 12,
      'node_network_transmit_bytes_total{device="eth0"}': 123456789,
      'node_network_transmit_colls_total{device="eth0"}': 9,
      'node_network_transmit_compressed_total{device="eth0"}': 11,
    });
  });

  test.each([
    ["eth0:1 2 3", "eth0", 1],
    ["  veth@if2: 7", "veth@if2", 7],
    ["br0:1: 5 6", "br0:1", 5],
    ['a|"b\\: 8 9', 'a|"b\\', 8],
  ])("%p", (line, device, bytes) => {
    expect(parseNetDevices(`head | line\n${line}\n`).get(device)?.get("receive_bytes")).toBe(bytes);
  });
});

test("network devices' properties, as far as the kernel reports them", async () => {
  using machine = fakeRoot({ ...RASPBERRY_PI_4, "/sys/class/net/bonding_masters": "bond0\n" });
  expect(await added((builder) => addNetClass(builder, hostFiles(machine.root)))).toEqual({
    'node_network_up{device="eth0"}': 1,
    'node_network_up{device="wlan0"}': 0,
    'node_network_info{address="dc:a6:32:01:02:03",broadcast="ff:ff:ff:ff:ff:ff",device="eth0",duplex="full",operstate="up"}': 1,
    'node_network_info{device="wlan0",operstate="down"}': 1,
    'node_network_carrier{device="eth0"}': 1,
    'node_network_carrier_changes_total{device="eth0"}': 2,
    'node_network_flags{device="eth0"}': 0x1003,
    'node_network_mtu_bytes{device="eth0"}': 1500,
    'node_network_speed_bytes{device="eth0"}': 125e6,
  });
});

test("network devices beyond the limit are left out", async () => {
  const many = Array.from({ length: 9 }, (_, index) => [`/sys/class/net/veth${index}/operstate`, "up\n"]);
  using machine = fakeRoot(Object.fromEntries(many));
  expect(Object.keys(await added((builder) => addNetClass(builder, hostFiles(machine.root), 4)))).toHaveLength(8);
});

describe("netstat", () => {
  test("selects the same fields as node_exporter", async () => {
    const values = await added((builder) => {
      addNetstat(builder, parseNetstat(RASPBERRY_PI_4["/proc/net/netstat"]!));
      addNetstat(builder, parseNetstat(RASPBERRY_PI_4["/proc/net/snmp"]!));
      addNetstat(builder, parseSnmp6(RASPBERRY_PI_4["/proc/net/snmp6"]!));
    });
    expect(values).toEqual({
      node_netstat_TcpExt_SyncookiesSent: 1,
      node_netstat_TcpExt_SyncookiesRecv: 2,
      node_netstat_TcpExt_ListenOverflows: 3,
      node_netstat_TcpExt_ListenDrops: 4,
      node_netstat_TcpExt_TCPTimeouts: 5,
      node_netstat_TcpExt_TCPSynRetrans: 6,
      node_netstat_IpExt_InOctets: 1000,
      node_netstat_IpExt_OutOctets: 2000,
      node_netstat_Ip_Forwarding: 2,
      node_netstat_Tcp_ActiveOpens: 10,
      node_netstat_Tcp_PassiveOpens: 20,
      node_netstat_Tcp_CurrEstab: 30,
      node_netstat_Tcp_InSegs: 40,
      node_netstat_Tcp_OutSegs: 50,
      node_netstat_Tcp_RetransSegs: 60,
      node_netstat_Tcp_InErrs: 70,
      node_netstat_Tcp_OutRsts: 80,
      node_netstat_Ip6_InOctets: 600,
      node_netstat_Udp6_NoPorts: 3,
    });
  });

  test.each([
    ["a column without a value", "Tcp: InSegs OutSegs\nTcp: 5\n", { Tcp_InSegs: 5 }],
    ["a value without a name", "Tcp: InSegs\nTcp: 5 6\n", { Tcp_InSegs: 5 }],
    ["two lines that do not belong together", "Tcp: InSegs\nUdp: 5\n", {}],
    ["a line without its pair", "Tcp: InSegs\n", {}],
  ])("%s", (_, text, expected) => {
    expect(Object.fromEntries(parseNetstat(text))).toEqual(expected);
  });
});

describe("sockstat", () => {
  test("counts memory in pages of this machine", async () => {
    const values = await added((builder) => {
      addSockstat(builder, parseSockstat(RASPBERRY_PI_4["/proc/net/sockstat"]!), 16384);
      addSockstat(builder, parseSockstat(RASPBERRY_PI_4["/proc/net/sockstat6"]!), 16384);
    });
    expect(values).toEqual({
      node_sockstat_sockets_used: 187,
      node_sockstat_TCP_inuse: 10012,
      node_sockstat_TCP_orphan: 1,
      node_sockstat_TCP_tw: 5,
      node_sockstat_TCP_alloc: 10020,
      node_sockstat_TCP_mem: 12,
      node_sockstat_TCP_mem_bytes: 12 * 16384,
      node_sockstat_UDP_inuse: 6,
      node_sockstat_UDP_mem: 3,
      node_sockstat_UDP_mem_bytes: 3 * 16384,
      node_sockstat_FRAG_inuse: 0,
      node_sockstat_FRAG_memory: 0,
      node_sockstat_TCP6_inuse: 4,
    });
  });

  test.each([
    ["2560 1", "VmSize:\t   10244 kB\n", 4096],
    ["640 1", "VmSize:\t   10244 kB\n", 16384],
    ["0", "VmSize:\t   10244 kB\n", 4096],
    ["2560", "", 4096],
    ["1", "VmSize:\t   10244 kB\n", 4096],
  ])("statm %p and %p make a page", (statm, status, bytes) => {
    using machine = fakeRoot({ "/proc/self/statm": statm, "/proc/self/status": status });
    expect(pageBytesOf(hostFiles(machine.root))).toBe(bytes);
  });
});

test("softnet is hexadecimal, and has processor numbers where the kernel reports them", async () => {
  expect(await added((builder) => addSoftnet(builder, X86_SERVER["/proc/net/softnet_stat"]!))).toMatchObject({
    'node_softnet_processed_total{cpu="0"}': 10,
    'node_softnet_processed_total{cpu="3"}': 255,
    'node_softnet_dropped_total{cpu="0"}': 11,
    'node_softnet_times_squeezed_total{cpu="3"}': 2,
  });
  const old = "00000001 0 0 0 0 0 0 0 0\n00000002 0 0 0 0 0 0 0 0\n";
  expect(await added((builder) => addSoftnet(builder, old))).toMatchObject({
    'node_softnet_processed_total{cpu="1"}': 2,
  });
});

test("neighbours are counted by device, and UDP queues added up", async () => {
  const values = await added((builder) => {
    addArp(builder, RASPBERRY_PI_4["/proc/net/arp"]!);
    addUdpQueues(builder, RASPBERRY_PI_4["/proc/net/udp"]!, "v4");
    addUdpQueues(builder, "sl\n1: a b\n", "v6");
  });
  expect(values).toEqual({
    'node_arp_entries{device="eth0"}': 2,
    'node_arp_entries{device="docker0"}': 1,
    'node_udp_queues{ip="v4",queue="tx"}': 0x10,
    'node_udp_queues{ip="v4",queue="rx"}': 0xa1,
    'node_udp_queues{ip="v6",queue="tx"}': 0,
    'node_udp_queues{ip="v6",queue="rx"}': 0,
  });
});

test("connection tracking adds up its processors", async () => {
  using machine = fakeRoot(X86_SERVER);
  expect(await added((builder) => addConntrack(builder, hostFiles(machine.root)))).toEqual({
    node_nf_conntrack_entries: 123,
    node_nf_conntrack_entries_limit: 262144,
    node_nf_conntrack_stat_found: 0x11,
    node_nf_conntrack_stat_invalid: 0x22,
    node_nf_conntrack_stat_ignore: 0x33,
    node_nf_conntrack_stat_insert: 0x44,
    node_nf_conntrack_stat_insert_failed: 0x55,
    node_nf_conntrack_stat_drop: 0x66,
    node_nf_conntrack_stat_early_drop: 0x77,
    node_nf_conntrack_stat_search_restart: 0x88,
  });
  expect(parseConntrack("").size).toBe(0);
});
