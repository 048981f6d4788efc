import type { Command } from "commander";

const WIDTH = 78;

/** Returns tenk(1) in man(7): each command with what `--help` says of it. */
export function manPage(program: Command, version: string, date: string): string {
  const commands = [program, ...everyCommand(program)];
  return [
    `.TH TENK 1 "${date}" "tenk ${version}" "User Commands"`,
    ".SH NAME",
    "tenk \\- ten thousand connections on a small box",
    ".SH SYNOPSIS",
    ".B tenk",
    ".I command",
    "[options]",
    ".SH DESCRIPTION",
    escaped(program.description()),
    "Without a configuration every setting has a default.",
    ".SH COMMANDS",
    ...commands.flatMap((command) => [`.SS ${escaped(nameOf(command))}`, ".nf", escaped(helpOf(command)), ".fi"]),
    ".SH FILES",
    ".TP",
    ".I /etc/tenk/tenk.yaml",
    "Configuration of the service.",
    ".TP",
    ".I /var/lib/tenk",
    "Data of the service: history, load tests, the token of the page, certificates and the keys of the local CA.",
    ".SH EXIT STATUS",
    "0 passed, 1 failed, 2 usage error, 130 stopped early.",
    "",
  ].join("\n");
}

function everyCommand(command: Command): Command[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.filter((each) => each.name() !== "help").flatMap((each) => [each, ...everyCommand(each)]);
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let text = "";
  command.configureHelp({ ...command.configureHelp(), helpWidth: WIDTH });
  const writeOut = (part: string) => {
    text += part;
  };
  command.configureOutput({ writeOut, getOutHasColors: () => false });
  command.outputHelp();
  return text.trimEnd();
}

/** A line that begins with a dot or an apostrophe would be a request, and a hyphen a typographic one. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/gm, "\\&$&");
}
