import { formatBytes, formatCount, nearest } from "../../base/mod.ts";
import { type LoadPlan, shapeOf, workersOption } from "./load-plan.ts";
import { type Machine, readMachine } from "./machine.ts";

/** An obstacle to a plan, and the exact command that removes it; "" where none does. */
export interface Obstacle {
  readonly what: string;
  readonly command: string;
}

/** Says why a plan cannot be run, and what would help. */
export function refusalText({ what, command }: Obstacle): string {
  return `The plan does not fit this machine: ${what}${command === "" ? "" : ` (${command})`}`;
}

export interface Preflight {
  /** The plan cannot work like this: do not start it. */
  readonly refusals: readonly Obstacle[];
  /** It can work, but may not show what it is meant to. */
  readonly warnings: readonly Obstacle[];
}

/** Descriptors beside the connections: files, pipes, the target's counters, a few for what the runtime opens. */
const SPARE_DESCRIPTORS = 64;
/** Measured on Linux 6.18, idle, IPv4: slabs of 3712 bytes a socket; what waits in its buffers comes on top. */
const KERNEL_BYTES_PER_SOCKET = 4096;
/** This generator's own, answers timed. */
const USER_BYTES_PER_CONNECTION = 3072;
const TIME_WAIT_MS = 60_000;
/** About what one event loop sends on one core of the machines this was measured on, small messages without answers. */
const MESSAGES_PER_WORKER = 140_000;
/** Connects in about the time that a busy server needs to come back to its accept. */
const ACCEPT_PAUSE_MS = 50;

/**
 * Checks whether this machine can carry the plan, before anything is opened. Reads `/proc` unless the machine is given.
 */
export function preflight(plan: LoadPlan, machine: Machine = readMachine()): Preflight {
  const refusals = [
    ...descriptorRefusals(plan, machine),
    ...portRefusals(plan, machine),
    ...sourceRefusals(plan, machine),
    ...memoryRefusals(plan, machine),
  ];
  const warnings = [
    ...timeWaitWarnings(plan, machine),
    ...backlogWarnings(plan, machine),
    ...trackingWarnings(plan, machine),
    ...capacityWarnings(plan, machine),
  ];
  return { refusals, warnings };
}

/** The target is this machine: the server's sockets count here too. */
function isLocal({ host, path }: LoadPlan, { addresses }: Machine): boolean {
  return path !== undefined || /^(localhost|127\.|::1$|0\.0\.0\.0$|::$)/.test(host) || addresses.includes(host);
}

function when(holds: boolean, what: string, command: string): Obstacle[] {
  return holds ? [{ what, command }] : [];
}

function descriptorRefusals(plan: LoadPlan, machine: Machine): Obstacle[] {
  const needed = plan.connections + machine.openDescriptors + SPARE_DESCRIPTORS;
  const files = plan.connections * (isLocal(plan, machine) ? 2 : 1);
  return [
    ...when(
      needed > machine.maxDescriptors,
      `${formatCount(plan.connections)} connections need ${needed} file descriptors, this process may open ${machine.maxDescriptors}`,
      `sudo prlimit --pid $$ --nofile=${needed}:${needed}`,
    ),
    ...when(
      machine.freeFiles !== undefined && files > machine.freeFiles,
      `they need ${files} open files, the machine has ${machine.freeFiles} left`,
      `sudo sysctl -w fs.file-max=${files * 2}`,
    ),
  ];
}

/** Source addresses count as many times as they differ: each has the whole port range towards one target. */
function portsOf({ sourceAddresses }: LoadPlan, { localPorts }: Machine): number | undefined {
  return localPorts === undefined ? undefined : localPorts * Math.max(1, new Set(sourceAddresses).size);
}

function portRefusals(plan: LoadPlan, machine: Machine): Obstacle[] {
  const ports = portsOf(plan, machine);
  if (plan.path !== undefined || ports === undefined || plan.connections <= ports) return [];
  const what = `${formatCount(plan.connections)} connections to one target need as many local ports, there are ${ports}`;
  const widest = 65_535 - 1024 + 1;
  if (machine.localPorts! < widest && plan.connections <= widest * Math.max(1, plan.sourceAddresses.length)) {
    return [{ what, command: 'sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"' }];
  }
  const more = Math.ceil(plan.connections / widest);
  return [
    { what, command: isLocal(plan, machine) ? loopbackSources(Math.min(more, 250)) : `--source-ip, ${more} times` },
  ];
}

/** A few are written out; of more a shell makes words as the braces say (bash and zsh do). */
function loopbackSources(count: number): string {
  if (count > 4) return `--source-ip=127.0.0.{1..${count}}`;
  return Array.from({ length: count }, (_, index) => `--source-ip 127.0.0.${index + 1}`).join(" ");
}

function sourceRefusals(plan: LoadPlan, { addresses }: Machine): Obstacle[] {
  const strangers = plan.sourceAddresses.filter((each) => !each.startsWith("127.") && !addresses.includes(each));
  return strangers.map((address) => {
    const meant = nearest(address, addresses);
    return {
      what: `source address ${address} is not one of this machine${meant ? `, ${meant} is` : ""}`,
      command: `sudo ip address add ${address} dev lo`,
    };
  });
}

function memoryRefusals(plan: LoadPlan, machine: Machine): Obstacle[] {
  const sockets = plan.connections * (isLocal(plan, machine) ? 2 : 1);
  const needed = sockets * KERNEL_BYTES_PER_SOCKET + plan.connections * USER_BYTES_PER_CONNECTION;
  return when(
    machine.availableBytes !== undefined && needed > machine.availableBytes,
    `${formatCount(plan.connections)} connections need about ${formatBytes(needed)} of memory, ${formatBytes(machine.availableBytes ?? 0)} are free`,
    "",
  );
}

function timeWaitWarnings(plan: LoadPlan, machine: Machine): Obstacle[] {
  const { timeWaitReuse = 2, timeWaits = 0 } = machine;
  const ports = portsOf(plan, machine);
  const reused = timeWaitReuse === 1 || (timeWaitReuse === 2 && isLocal(plan, machine));
  if (plan.path !== undefined || ports === undefined || reused) return [];
  const churn = plan.channelLifetimeMs > 0 ? (plan.connections * TIME_WAIT_MS) / plan.channelLifetimeMs : 0;
  return when(
    plan.connections + churn + timeWaits > ports,
    `closed connections hold their ports for a minute: ${Math.round(plan.connections + churn)} are needed, ${timeWaits} are held, there are ${ports}`,
    "sudo sysctl -w net.ipv4.tcp_tw_reuse=1",
  );
}

function backlogWarnings(plan: LoadPlan, machine: Machine): Obstacle[] {
  const burst = Math.min(plan.connections, (plan.connectRate * ACCEPT_PAUSE_MS) / 1000);
  return when(
    isLocal(plan, machine) && machine.backlog !== undefined && burst > machine.backlog,
    `${formatCount(burst)} connections may wait for accept at a time, the system keeps ${machine.backlog}: some will take a second`,
    "sudo sysctl -w net.core.somaxconn=16384",
  );
}

function trackingWarnings(plan: LoadPlan, { freeTracked }: Machine): Obstacle[] {
  return when(
    freeTracked !== undefined && plan.connections > freeTracked,
    `the firewall tracks ${freeTracked} connections more, ${plan.connections} are wanted`,
    `sudo sysctl -w net.netfilter.nf_conntrack_max=${plan.connections * 4}`,
  );
}

function capacityWarnings(plan: LoadPlan, { cores }: Machine): Obstacle[] {
  const peak = shapeOf(plan).peakPerSecond;
  const perSecond = plan.pace === "per-connection" ? peak * plan.connections : plan.pace === "total" ? peak : 0;
  const workers = Math.ceil(perSecond / MESSAGES_PER_WORKER);
  return [
    ...when(
      workers > plan.workers && workers <= cores,
      `${formatCount(perSecond)} messages a second are more than ${plan.workers} event loop${plan.workers > 1 ? "s send" : " sends"}`,
      `${workersOption(plan)} ${workers}`,
    ),
    ...when(
      workers > cores,
      `${formatCount(perSecond)} messages a second are more than this machine is likely to send`,
      "",
    ),
    ...when(
      plan.workers > cores,
      `${plan.workers} event loops share ${cores} cores`,
      `${workersOption(plan)} ${cores}`,
    ),
  ];
}
