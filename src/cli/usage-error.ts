import { statSync } from "node:fs";
import type { Command, CommanderError } from "commander";
import { TenkError } from "../base/mod.ts";
import { quoted } from "./command-line.ts";

/** Has a command throw its usage errors, which are printed in one place. */
export function throwUsageErrors(command: Command): Command {
  return command.configureOutput({ outputError: () => undefined }).exitOverride((error) => {
    throw usageError(error, command);
  });
}

/** Returns an error of commander on one line, with what to do about it; help and version, which are no errors, as they are. */
function usageError(error: CommanderError, command: Command): Error {
  if (error.exitCode === 0 || error.code === "commander.help") return error;
  // Commander puts its suggestion on a second line.
  const message = error.message.replace(/^error: |\.$/g, "").replace(/\s*\n\s*/g, " ");
  const hint = error.message.includes("(Did you mean") ? undefined : hintFor(error.code, command);
  return new TenkError("usage", message, hint === undefined ? {} : { hint });
}

function hintFor(code: string, command: Command): string | undefined {
  const name = fullName(command);
  if (code === "commander.unknownCommand") {
    const file = command.parent === null ? command.args.slice(0, 1).find(isConfigFile) : undefined;
    return file === undefined
      ? `${name} --help lists the commands`
      : `did you mean ${name} up --config ${quoted(file)}?`;
  }
  if (code === "commander.excessArguments") {
    const takesConfig = command.options.some(({ long }) => long === "--config");
    const file = takesConfig ? command.args.slice(command.registeredArguments.length).find(isConfigFile) : undefined;
    if (file !== undefined) return `did you mean --config ${quoted(file)}?`;
  }
  return `see ${name} --help`;
}

function isConfigFile(word: string): boolean {
  return /\.ya?ml$/i.test(word) || (statSync(word, { throwIfNoEntry: false })?.isFile() ?? false);
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
