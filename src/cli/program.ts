import { Command } from "commander";
import { COMMIT, VERSION } from "../app/mod.ts";
import { checkCommand } from "./check.ts";
import { dashboardsCommand } from "./dashboards.ts";
import { demoCommand } from "./demo.ts";
import { discoverCommand } from "./discover.ts";
import { dnsCommand } from "./dns.ts";
import { EXIT, failureOf } from "./failure.ts";
import { importCommand } from "./import.ts";
import { loadCommand } from "./load.ts";
import { examples } from "./options.ts";
import { handleOutputErrors } from "./output.ts";
import { passwordCommand } from "./password.ts";
import { runCommand } from "./run.ts";
import { runsCommand } from "./runs.ts";
import { statusCommand } from "./status.ts";
import { stderr } from "./terminal.ts";
import { trustCommand } from "./trust.ts";
import { upCommand } from "./up.ts";
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
    await program((code) => {
      exitCode = code;
    }).parseAsync(args, { from: "user" });
  } catch (error) {
    const failure = failureOf(error);
    stderr.unpin();
    if (failure.text !== "") stderr.line(failure.text);
    return failure.exitCode;
  }
  return exitCode;
}

function program(exit: (code: number) => void): Command {
  const root = new Command("tenk")
    .description("Ten thousand connections on a small box: a TCP server, a load generator and the proof.")
    .version(`tenk ${VERSION} (${COMMIT})`, "--version", "print version and commit")
    .addHelpText(
      "after",
      examples("tenk demo", "tenk up", "tenk run chat.ts", "tenk load tcp 127.0.0.1:9091 -c 1000 -r 10 -m ping -T 10s"),
    );
  for (const command of [
    upCommand,
    runCommand,
    demoCommand,
    loadCommand,
    checkCommand,
    statusCommand,
    discoverCommand,
    dnsCommand,
    runsCommand,
    passwordCommand,
    importCommand,
    dashboardsCommand,
    trustCommand,
  ]) {
    root.addCommand(command(exit));
  }
  for (const command of everyCommand(root)) throwUsageErrors(command);
  return root;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
