import { existsSync } from "node:fs";
import { Command } from "commander";
import {
  type Address,
  checkDashboard,
  checkParts,
  formatAddress,
  heldAddresses,
  type LoadedConfig,
  loadConfig,
  parseConfig,
} from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import { holderText, portHolder } from "../part/mod.ts";
import {
  type HeldAddress,
  Machine,
  planInstall,
  readManifest,
  SERVICE,
  serviceUnit,
  socketUnit,
  takeSteps,
} from "../systemd/mod.ts";
import { confirmed, printPlan } from "./confirm.ts";
import { EXIT } from "./failure.ts";
import { completionFiles, installedConfig, installedProgram } from "./install-files.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";

/** The units of the Debian package. */
const PACKAGED = [`/usr/lib/systemd/system/${SERVICE}.service`, `/lib/systemd/system/${SERVICE}.service`];

interface InstallOptions {
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly start: boolean;
  readonly socket: boolean;
  readonly lowPorts: boolean;
}

export function installCommand(exit: (code: number) => void, all: () => Promise<Command>): Command {
  return new Command("install")
    .description(
      "Make tenk a service of this machine, under systemd: user, data folder, configuration, units, completion in shells. It says what it does before it does it; what is there already stays.",
    )
    .option("--config <file>", `the service's configuration, where it is (default: /etc/${SERVICE}/${SERVICE}.yaml)`)
    .option("--dry-run", "print what would be done, and do nothing")
    .option("--yes", "do not ask")
    .option("--no-start", "do not start the service")
    .option("--no-socket", "let tenk open its addresses by itself: a restart then refuses connections for a moment")
    .option("--no-low-ports", "do not let it listen on ports below 1024")
    .addHelpText(
      "after",
      examples("tenk install --dry-run", "sudo tenk install", "sudo tenk install --yes --config /srv/tenk.yaml"),
    )
    .action(async (options: InstallOptions) => exit(await install(options, await all())));
}

async function install(options: InstallOptions, all: Command): Promise<number> {
  const machine = new Machine();
  requireSystemd(machine, options.dryRun ? undefined : "install");
  const packaged = PACKAGED.find((path) => machine.has(path));
  if (packaged !== undefined)
    throw new TenkError("usage", `tenk is a service here already: a package has installed ${packaged}`, {
      hint: "its package manager removes it",
    });
  const program = installedProgram();
  const config = installedConfig(options.config);
  const text = config.file?.content;
  const loaded =
    config.file !== undefined && !machine.has(config.path)
      ? parseConfig(`${text}`, config.path)
      : loadConfig(config.path);
  checkParts(loaded);
  checkDashboard(loaded);
  const { held, notes } = options.socket ? await holdable(loaded) : { held: [], notes: [] };
  const wanted = {
    program: program.file,
    config: config.file,
    serviceUnit: serviceUnit({ program: program.path, config: config.path, lowPorts: options.lowPorts }),
    socketUnit: socketUnit(held),
    completions: completionFiles(all),
    starts: options.start,
  };
  const plan = planInstall(wanted, machine, readManifest(machine));
  printPlan("tenk install", { steps: plan.steps, kept: [...plan.kept, ...notes] });
  if (options.dryRun || plan.steps.length === 0) return EXIT.pass;
  if (!options.yes && !(await confirmed())) return EXIT.stopped;
  takeSteps(plan.steps, machine);
  print(`done: systemctl status ${SERVICE}, journalctl -u ${SERVICE}; the page is at ${pageOf(loaded)}`);
  return EXIT.pass;
}

/** @param command that needs to be root; undefined where it changes nothing */
export function requireSystemd(machine: Machine, command: "install" | "uninstall" | undefined): void {
  if (!machine.hasSystemd)
    throw new TenkError("unsupported", "systemd does not run on this machine, and tenk install makes a service of it", {
      hint: "tenk up runs it by hand, or under another service manager",
    });
  if (command !== undefined && process.getuid?.() !== 0)
    throw new TenkError("permission-denied", `tenk ${command} needs root`, {
      hint: `sudo tenk ${command}; tenk ${command} --dry-run prints what it does`,
    });
}

/** Leaves out addresses that another program has: systemd could not open any of them then. */
async function holdable({ config }: LoadedConfig): Promise<{ held: HeldAddress[]; notes: string[] }> {
  const held: HeldAddress[] = [];
  const notes: string[] = [];
  for (const { transport, setting, address: planned } of heldAddresses(config)) {
    const address = openable(planned);
    const holder =
      "port" in address ? await portHolder(address.port, transport === "tcp" ? "tcp" : "tcp or udp") : undefined;
    if (holder === undefined || /^(tenk|systemd)$/.test(holder.program)) held.push({ transport, address });
    else notes.push(`${formatAddress(address)} of ${setting}: ${holderText(holder)} has it`);
  }
  return { held, notes };
}

/** All of IPv6 is all of IPv4 on a machine without IPv6, as for tenk's own listeners. */
function openable(address: Address): Address {
  const isEverywhere = "host" in address && address.host === "::";
  return isEverywhere && !existsSync("/proc/net/if_inet6") ? { ...address, host: "0.0.0.0" } : address;
}

function pageOf({ config }: LoadedConfig): string {
  return `http://${formatAddress(config.dashboard.listen)}/`;
}
