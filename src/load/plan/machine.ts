import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { availableBytes, usableCores } from "../../limits/mod.ts";
import { descriptors } from "../../net/mod.ts";

/** Limits of this machine for a load test. Undefined where the system does not report them. */
export interface Machine {
  readonly openDescriptors: number;
  /** Of this process. The runtime has raised the soft limit to the hard one at its start. */
  readonly maxDescriptors: number;
  /** Of the whole machine: fs.file-max less those in use. */
  readonly freeFiles: number | undefined;
  /** net.ipv4.ip_local_port_range: how many ports there are to connect from, for each source address. */
  readonly localPorts: number | undefined;
  /** net.ipv4.tcp_tw_reuse: 0 never, 1 always, 2 on the loopback only. */
  readonly timeWaitReuse: number | undefined;
  /** Ports that closed connections hold for a minute. */
  readonly timeWaits: number | undefined;
  /** net.core.somaxconn: connections that wait for accept. */
  readonly backlog: number | undefined;
  /** net.netfilter.nf_conntrack_max less those tracked; undefined where nothing tracks connections. */
  readonly freeTracked: number | undefined;
  readonly availableBytes: number | undefined;
  readonly cores: number;
  /** Addresses of its interfaces. */
  readonly addresses: readonly string[];
}

/** Reads `/proc` and the interfaces. */
export function readMachine(): Machine {
  const { open, max } = descriptors();
  const [usedFiles, , maxFiles] = numbersIn("/proc/sys/fs/file-nr");
  const [firstPort, lastPort] = numbersIn("/proc/sys/net/ipv4/ip_local_port_range");
  const [timeWaitReuse] = numbersIn("/proc/sys/net/ipv4/tcp_tw_reuse");
  const [backlog] = numbersIn("/proc/sys/net/core/somaxconn");
  const [maxTracked] = numbersIn("/proc/sys/net/netfilter/nf_conntrack_max");
  const [tracked = 0] = numbersIn("/proc/sys/net/netfilter/nf_conntrack_count");
  const timeWaits = /^TCP:.*\btw (\d+)/m.exec(textOf("/proc/net/sockstat"))?.[1];
  return {
    openDescriptors: open,
    maxDescriptors: max,
    freeFiles: maxFiles === undefined || usedFiles === undefined ? undefined : maxFiles - usedFiles,
    localPorts: firstPort === undefined || lastPort === undefined ? undefined : lastPort - firstPort + 1,
    timeWaitReuse,
    timeWaits: timeWaits === undefined ? undefined : Number(timeWaits),
    backlog,
    freeTracked: maxTracked === undefined ? undefined : maxTracked - tracked,
    availableBytes: availableBytes(),
    cores: usableCores(),
    addresses: Object.values(networkInterfaces()).flatMap(
      (addresses) => addresses?.map(({ address }) => address) ?? [],
    ),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function numbersIn(path: string): number[] {
  return (textOf(path).match(/\d+/g) ?? []).map(Number);
}
