import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileProblemOf, type Log, TenkError } from "../base/mod.ts";

/** A secret as a section of the configuration has it: itself, in a file, or in an environment variable. */
export interface SecretSource {
  readonly value?: string | undefined;
  readonly file?: string | undefined;
  readonly variable?: string | undefined;
}

export interface SecretPlace {
  /** For messages: `boxes.nas.token`. With `File` and `Env` behind it, it is the setting of the file and of the variable. */
  readonly setting: string;
  /** That a relative path is relative to. */
  readonly folder: string;
  /** Gets a warning about a file that everybody can read. @default {no warning} */
  readonly log?: Log | undefined;
  /** @default {the process's} */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const MAX_FILE_BYTES = 4096;
const OTHERS_MAY_READ = 0o004;

/**
 * Reads a secret: one line, without the end of the line.
 *
 * @returns undefined where none is set
 * @throws {TenkError} `config`, with the setting and never the secret
 * @example
 * readSecret({ value: "abc" }, { setting: "boxes.nas.token", folder: "." }); // "abc"
 */
export function readSecret({ value, file, variable }: SecretSource, place: SecretPlace): string | undefined {
  const { setting } = place;
  const given = [value, file, variable].filter((each) => each !== undefined).length;
  if (given === 0) return undefined;
  const name = setting.slice(setting.lastIndexOf(".") + 1);
  if (given > 1) throw refused(setting, `expected one of ${name}, ${name}File and ${name}Env, found ${given} of them`);
  if (file !== undefined) return secretLine(`${setting}File`, textOf(resolve(place.folder, file), place));
  if (variable !== undefined) return secretLine(`${setting}Env`, ofEnvironment(variable, place));
  return secretLine(setting, value!);
}

function textOf(path: string, { setting, log }: SecretPlace): string {
  try {
    const info = statSync(path);
    // A device or a pipe might never end.
    if (!info.isFile() || info.size > MAX_FILE_BYTES)
      throw refused(`${setting}File`, `${path} is no file of at most 4 KiB`);
    if ((info.mode & OTHERS_MAY_READ) !== 0)
      log?.warn("secret readable by others", { setting: `${setting}File`, file: path, fix: `chmod o-r ${path}` });
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof TenkError) throw error;
    throw refused(`${setting}File`, `${path} cannot be read: ${fileProblemOf(error)}`);
  }
}

function ofEnvironment(variable: string, { setting, environment = process.env }: SecretPlace): string {
  const value = environment[variable];
  if (value === undefined) throw refused(`${setting}Env`, `the environment has no variable ${variable}`);
  return value;
}

/**
 * Returns a secret without the end of its line. Another control character would begin another header or command.
 *
 * @throws {TenkError} `config`, with the setting and never the secret
 */
export function secretLine(setting: string, text: string): string {
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw refused(setting, "it is empty");
  if (/\p{Cc}/u.test(secret))
    throw refused(setting, "it has a line break or another control character: expected one line");
  return secret;
}

function refused(setting: string, why: string): TenkError {
  return new TenkError("config", `Cannot use ${setting}: ${why}`);
}
