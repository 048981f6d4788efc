import { Command } from "commander";
import { COMMIT, VERSION } from "../app/mod.ts";
import { EXIT, failureOf } from "./failure.ts";
import { examples } from "./options.ts";
import { handleOutputErrors } from "./output.ts";
import { stderr } from "./terminal.ts";
import { throwUsageErrors } from "./usage-error.ts";

/**
 * Runs one command.
 *
 * @param args the command line after the program's name
 * @returns the exit code: see `EXIT`
 */
export async function run(args: readonly string[]): Promise<number> {
  handleOutputErrors();
  let exitCode: number = EXIT.pass;
  try {
    const root = await program(args, (code) => {
      exitCode = code;
    });
    await root.parseAsync(args, { from: "user" });
  } catch (error) {
    const failure = failureOf(error);
    stderr.unpin();
    if (failure.text !== "") stderr.line(await forJournal(failure.text));
    return failure.exitCode;
  }
  return exitCode;
}

/** Loaded when it is needed: most commands never are a service. */
async function forJournal(text: string): Promise<string> {
  const { isJournal, withPriority } = await import("../systemd/mod.ts");
  return isJournal(process.env) ? withPriority(text, "error") : text;
}

type Make = (exit: (code: number) => void) => Command;

/** The commands in the order of the help. Each is loaded when it is called: loading all takes longer than what most of them do. */
const COMMANDS: Readonly<Record<string, () => Promise<Make>>> = {
  up: async () => (await import("./up.ts")).upCommand,
  run: async () => (await import("./run.ts")).runCommand,
  demo: async () => (await import("./demo.ts")).demoCommand,
  load: async () => (await import("./load.ts")).loadCommand,
  agent: async () => (await import("./agent.ts")).agentCommand,
  check: async () => (await import("./check.ts")).checkCommand,
  health: async () => (await import("./health-command.ts")).healthCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  discover: async () => (await import("./discover.ts")).discoverCommand,
  dns: async () => (await import("./dns.ts")).dnsCommand,
  alert: async () => (await import("./alert.ts")).alertCommand,
  maintenance: async () => (await import("./maintenance.ts")).maintenanceCommand,
  runs: async () => (await import("./runs.ts")).runsCommand,
  password: async () => (await import("./password.ts")).passwordCommand,
  init: async () => (await import("./init-command.ts")).initCommand,
  schema: async () => (await import("./schema.ts")).schemaCommand,
  import: async () => (await import("./import.ts")).importCommand,
  dashboards: async () => (await import("./dashboards.ts")).dashboardsCommand,
  token: async () => (await import("./token.ts")).tokenCommand,
  upgrade: async () => (await import("./upgrade.ts")).upgradeCommand,
  "push-url": async () => (await import("./push-url.ts")).pushUrlCommand,
  trust: async () => (await import("./trust.ts")).trustCommand,
  install: async () => {
    const { installCommand } = await import("./install.ts");
    return (exit) => installCommand(exit, allCommands);
  },
  uninstall: async () => (await import("./uninstall.ts")).uninstallCommand,
  completion: async () => (await import("./completion.ts")).completionCommand(allCommands),
};

/** Returns the whole program with all its commands, for what describes them: completion, the manual page. */
export function allCommands(): Promise<Command> {
  return program([], () => {});
}

/** Returns the command that is called, or all, where none is: for the help, and to find the one that was meant. */
async function makersOf([word = ""]: readonly string[]): Promise<Make[]> {
  if (word === "--version") return [];
  const called = Object.hasOwn(COMMANDS, word) ? [COMMANDS[word]!] : Object.values(COMMANDS);
  return Promise.all(called.map((load) => load()));
}

async function program(args: readonly string[], exit: (code: number) => void): Promise<Command> {
  const root = new Command("tenk")
    .description(
      "Ten thousand connections on a small box: TCP server, HTTPS for every service, name server, probes and load tests.",
    )
    .version(`tenk ${VERSION} (${COMMIT})`, "--version", "print version and commit")
    .addHelpText(
      "after",
      examples("tenk demo", "tenk up", "tenk run chat.ts", "tenk load tcp 127.0.0.1:9091 -c 1000 -r 10 -m ping -T 10s"),
    );
  for (const make of await makersOf(args)) root.addCommand(make(exit));
  for (const command of everyCommand(root)) throwUsageErrors(command);
  return root;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
