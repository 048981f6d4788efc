import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileProblemOf, TenkError } from "../../base/mod.ts";

const MAX_SECRET_BYTES = 4096;

/** A secret as a section of the configuration has it: itself, in a file, or in an environment variable. */
export interface SecretSource {
  readonly value?: string | undefined;
  readonly file?: string | undefined;
  readonly variable?: string | undefined;
}

/**
 * Reads a secret. White space around it, such as the end of a file's line, does not belong to it.
 *
 * @param setting for messages: `alerts.channels.phone.ntfy.token`
 * @param folder that paths are relative to
 * @returns undefined where none is set
 * @throws {TenkError} `config`; the message has no secret
 */
export function readSecret(
  { value, file, variable }: SecretSource,
  { setting, folder, environment = process.env }: SecretPlace,
): string | undefined {
  const given = [value, file, variable].filter((each) => each !== undefined).length;
  if (given > 1) throw new TenkError("config", `${setting}: expected one of ${names(setting)}, found ${given} of them`);
  if (value !== undefined) return value.trim();
  if (variable !== undefined) {
    const found = environment[variable]?.trim();
    if (found) return found;
    throw new TenkError("config", `${setting}Env: the environment has no variable ${variable}, or it is empty`);
  }
  return file === undefined ? undefined : fromFile(resolve(folder, file), `${setting}File`);
}

export interface SecretPlace {
  readonly setting: string;
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

function fromFile(path: string, setting: string): string {
  let found: string;
  try {
    const info = statSync(path);
    // A FIFO would be waited for.
    if (!info.isFile() || info.size > MAX_SECRET_BYTES)
      throw new Error(`it is not a file of at most ${MAX_SECRET_BYTES} bytes`);
    found = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new TenkError("config", `${setting}: cannot read ${path}: ${fileProblemOf(error)}`, { cause: error });
  }
  if (found === "") throw new TenkError("config", `${setting}: ${path} is empty`);
  return found;
}

function names(setting: string): string {
  const name = setting.slice(setting.lastIndexOf(".") + 1);
  return `${name}, ${name}File and ${name}Env`;
}
