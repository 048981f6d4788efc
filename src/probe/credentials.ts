import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileProblemOf, type Log, TenkError } from "../base/mod.ts";
import type { Service } from "../part/mod.ts";

/** Who asks. Nothing of it is ever printed. */
export interface Credentials {
  readonly user?: string;
  readonly password?: string;
  /** A bearer token of HTTP. */
  readonly token?: string;
}

const MAX_FILE_BYTES = 4096;
const OTHERS_MAY_READ = 0o004;

/**
 * Reads what a service is asked with: the file or environment variable that `probe` names, else user and password of the target.
 *
 * @param log gets a warning about a file that others can read
 * @throws {TenkError} `config` that names the setting, and never the secret
 */
export function readCredentials({ name, probe, target = "" }: Service, folder: string, log?: Log): Credentials {
  const { user, passwordFile, passwordEnv, tokenFile, tokenEnv } = probe ?? {};
  const setting = (key: string) => `services.${name}.probe.${key}`;
  const own = credentialsOf(target, `services.${name}.target`);
  const asked = user === undefined ? own.user : user;
  const fromFile = (key: string, path: string) =>
    secretOf(setting(key), readSecret(setting(key), resolve(folder, path), log));
  const fromVariable = (key: string, variable: string) => secretOf(setting(key), variableOf(setting(key), variable));
  if (tokenFile !== undefined) return { token: fromFile("tokenFile", tokenFile) };
  if (tokenEnv !== undefined) return { token: fromVariable("tokenEnv", tokenEnv) };
  const password =
    passwordFile !== undefined
      ? fromFile("passwordFile", passwordFile)
      : passwordEnv !== undefined
        ? fromVariable("passwordEnv", passwordEnv)
        : own.password;
  return { ...(asked !== undefined && { user: asked }), ...(password !== undefined && { password }) };
}

/** Returns the value of `Authorization` (RFC 7617, 6750); undefined without credentials. */
export function authorizationOf({ user, password, token }: Credentials): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (user === undefined && password === undefined) return undefined;
  return `Basic ${Buffer.from(`${user ?? ""}:${password ?? ""}`, "utf8").toString("base64")}`;
}

function credentialsOf(target: string, setting: string): Credentials {
  const url = URL.parse(target);
  if (url === null) return {};
  const part = (key: "user" | "password", text: string) => text !== "" && { [key]: decoded(text, setting) };
  return { ...part("user", url.username), ...part("password", url.password) };
}

function decoded(text: string, setting: string): string {
  try {
    return secretOf(setting, decodeURIComponent(text));
  } catch (error) {
    if (error instanceof TenkError) throw error;
    throw refused(setting, "user and password must have % only before two hexadecimal digits");
  }
}

function readSecret(setting: string, path: string, log: Log | undefined): string {
  try {
    const { mode, size } = fileOf(setting, path);
    if (size > MAX_FILE_BYTES) throw refused(setting, `${path} has more than 4 KiB: expected a password alone`);
    if ((mode & OTHERS_MAY_READ) !== 0)
      log?.warn("password file readable by others", { setting, file: path, fix: `chmod o-r ${path}` });
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof TenkError) throw error;
    throw refused(setting, `${path} cannot be read: ${fileProblemOf(error)}`);
  }
}

function fileOf(setting: string, path: string) {
  const found = statSync(path);
  // A device or a pipe might never end.
  if (!found.isFile()) throw refused(setting, `${path} is no file: expected one with a password alone`);
  return found;
}

function variableOf(setting: string, variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw refused(setting, `the environment variable ${variable} is not set`);
  return value;
}

/** Drops the line's end. Another control character would begin another header or command. */
function secretOf(setting: string, text: string): string {
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw refused(setting, "it is empty: expected a password");
  if (/\p{Cc}/u.test(secret))
    throw refused(setting, "it has a line break or another control character: expected one line");
  return secret;
}

function refused(setting: string, why: string): TenkError {
  return new TenkError("config", `Cannot use ${setting}: ${why}`);
}
