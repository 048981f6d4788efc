import { type Log, TenkError, withoutUndefined } from "../base/mod.ts";
import { readSecret, type Service, secretLine } from "../part/mod.ts";

/** Who asks. Nothing of it is ever printed. */
export interface Credentials {
  readonly user?: string;
  readonly password?: string;
  /** A bearer token of HTTP. */
  readonly token?: string;
}

/**
 * Reads what a service is asked with: the file or environment variable that `probe` names, else user and password of the target.
 *
 * @param log gets a warning about a file that others can read
 * @throws {TenkError} `config` that names the setting, and never the secret
 */
export function readCredentials({ name, probe, target = "" }: Service, folder: string, log?: Log): Credentials {
  const { user, passwordFile, passwordEnv, tokenFile, tokenEnv } = probe ?? {};
  const own = credentialsOf(target, `services.${name}.target`);
  const read = (key: string, file: string | undefined, variable: string | undefined) =>
    readSecret({ file, variable }, { setting: `services.${name}.probe.${key}`, folder, log });
  const token = read("token", tokenFile, tokenEnv);
  if (token !== undefined) return { token };
  const password = read("password", passwordFile, passwordEnv) ?? own.password;
  return withoutUndefined({ user: user ?? own.user, password });
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
    return secretLine(setting, decodeURIComponent(text));
  } catch (error) {
    if (error instanceof TenkError) throw error;
    throw new TenkError(
      "config",
      `Cannot use ${setting}: user and password must have % only before two hexadecimal digits`,
    );
  }
}
