import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { SERVICE } from "../unit.ts";
import { groupNumber, planFiles, type WantedFile } from "./files.ts";
import type { Machine } from "./machine.ts";
import type { Made } from "./manifest.ts";
import type { Plan, Step } from "./step.ts";

export const DATA_FOLDER = `/var/lib/${SERVICE}`;
const UNITS = "/etc/systemd/system";
export const SERVICE_FILE = `${UNITS}/${SERVICE}.service`;
export const SOCKET_FILE = `${UNITS}/${SERVICE}.socket`;
const PING_RANGE = "/proc/sys/net/ipv4/ping_group_range";
const PING_FILE = "/etc/sysctl.d/60-tenk.conf";
/** What systemd sets where a distribution does not take it out: every group may send echo requests, as ping does. */
const EVERY_GROUP = "0 2147483647";

/** For sysctl.d(5). */
export const PING_SETTING = `# Programs without rights may send ICMP echo requests: tenk's probes.
net.ipv4.ping_group_range = ${EVERY_GROUP}
`;

export interface WantedInstall {
  readonly program: WantedFile | undefined;
  readonly config: WantedFile | undefined;
  readonly serviceUnit: string;
  /** Undefined where systemd is to hold no address. */
  readonly socketUnit: string | undefined;
  readonly completions: readonly WantedFile[];
  /** Whether to start it. @default {true} */
  readonly starts?: boolean;
}

/** Plans what is missing for the service; nothing where all of it is there. */
export function planInstall(wanted: WantedInstall, machine: Machine, made: readonly Made[]): Plan {
  const { program, config, serviceUnit, socketUnit, completions, starts = true } = wanted;
  const allowsPing = /^1\s+0\s*$/.test(machine.text(PING_RANGE) ?? "") || made.some((each) => each.kind === "setting");
  const files: WantedFile[] = [
    ...(program === undefined ? [] : [program]),
    ...(config === undefined ? [] : [config]),
    { path: SERVICE_FILE, mode: 0o644, content: serviceUnit, about: "the service" },
    ...(socketUnit === undefined
      ? []
      : [{ path: SOCKET_FILE, mode: 0o644, content: socketUnit, about: "addresses that stay open during a restart" }]),
    ...completions,
    ...(allowsPing ? [pingFile()] : []),
  ];
  const planned = planFiles(files, machine, made);
  const users = machine.hasUser(SERVICE) ? [] : [userStep(machine)];
  const data = machine.has(DATA_FOLDER) ? [] : [dataStep(machine)];
  const ping = planned.steps.some(({ text }) => text.includes(PING_FILE)) ? [pingStep(machine)] : [];
  const obsolete = socketUnit === undefined && made.some((each) => "path" in each && each.path === SOCKET_FILE);
  const changes = [...users, ...data, ...planned.steps, ...ping];
  const sockets = socketUnit === undefined ? [] : [`${SERVICE}.socket`];
  const units = [`${SERVICE}.service`, ...sockets];
  const drop = obsolete ? [dropSocketStep(machine, made)] : [];
  return {
    steps: [...changes, ...drop, ...unitSteps({ units, changes, drop, starts, machine, made })],
    kept: [
      ...(machine.hasUser(SERVICE) && !made.some(({ kind }) => kind === "user")
        ? [`user ${SERVICE}: it was there before`]
        : []),
      ...planned.kept,
    ],
  };
}

function userStep(machine: Machine): Step {
  return {
    text: `create the system user and group ${SERVICE}, without a login`,
    take() {
      const words = ["--system", "--user-group", "--no-create-home", "--home-dir", DATA_FOLDER];
      machine.run("useradd", ...words, "--shell", "/usr/sbin/nologin", "--comment", SERVICE, SERVICE);
      return { made: { kind: "user", name: SERVICE } };
    },
  };
}

function dataStep(machine: Machine): Step {
  return {
    text: `create the folder ${DATA_FOLDER}, which ${SERVICE} and root alone may read`,
    take() {
      const path = machine.at(DATA_FOLDER);
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o700);
      chownSync(path, userNumber(machine), groupNumber(SERVICE, machine));
      return { made: { kind: "folder", path: DATA_FOLDER } };
    },
  };
}

function userNumber(machine: Machine): number {
  const line = (machine.text("/etc/passwd") ?? "").split("\n").find((each) => each.startsWith(`${SERVICE}:`));
  return Number(line?.split(":")[2] ?? 0);
}

function pingFile(): WantedFile {
  return { path: PING_FILE, mode: 0o644, content: PING_SETTING, about: "which permits probes by ICMP echo" };
}

function pingStep(machine: Machine): Step {
  return {
    text: `set net.ipv4.ping_group_range to ${EVERY_GROUP} now`,
    take() {
      const path = machine.at(PING_RANGE);
      const before = readFileSync(path, "utf8").trim();
      writeFileSync(path, EVERY_GROUP);
      return { made: { kind: "setting", path: PING_RANGE, before } };
    },
  };
}

/** The configuration has no address left that systemd could hold. */
function dropSocketStep(machine: Machine, made: readonly Made[]): Step {
  const unit = `${SERVICE}.socket`;
  const gone = made.find((each) => "path" in each && each.path === SOCKET_FILE);
  return {
    text: `stop, disable and remove ${SOCKET_FILE}`,
    take() {
      machine.run("systemctl", "disable", "--now", unit);
      machine.run("rm", "-f", machine.at(SOCKET_FILE));
      return gone === undefined ? undefined : { gone };
    },
  };
}

interface UnitChange {
  readonly units: readonly string[];
  readonly changes: readonly Step[];
  readonly drop: readonly Step[];
  readonly starts: boolean;
  readonly machine: Machine;
  readonly made: readonly Made[];
}

function unitSteps({ units, changes, drop, starts, machine, made }: UnitChange): Step[] {
  const [service = "", ...sockets] = units;
  const touches = (path: string) => changes.some(({ text }) => text.includes(path));
  const isNew = units.some((name) => !made.some((each) => each.kind === "unit" && each.name === name));
  const steps: Step[] = [];
  if (touches(UNITS) || drop.length > 0)
    steps.push({
      text: "have systemd read its units again",
      take: () => void machine.run("systemctl", "daemon-reload"),
    });
  for (const name of units)
    if (!made.some((each) => each.kind === "unit" && each.name === name))
      steps.push({
        text: `enable ${name}: it starts with the machine`,
        take: () => {
          machine.run("systemctl", "--quiet", "enable", name);
          return { made: { kind: "unit", name } };
        },
      });
  if (!starts) return steps;
  const isActive = machine.succeeds("systemctl", "is-active", "--quiet", service);
  if (!isActive) {
    if (changes.length > 0 || isNew)
      steps.push({
        text: `start ${units.join(" and ")}`,
        take: () => void machine.run("systemctl", "start", ...sockets, service),
      });
  } else if (touches(SOCKET_FILE) || drop.length > 0) {
    steps.push({
      text: `stop ${service}, and start ${units.join(" and ")}: connections end`,
      take() {
        machine.run("systemctl", "stop", ...sockets, service);
        machine.run("systemctl", "start", ...sockets, service);
        return undefined;
      },
    });
  } else if (changes.length > 0) {
    steps.push({ text: `restart ${service}`, take: () => void machine.run("systemctl", "restart", service) });
  }
  return steps;
}
