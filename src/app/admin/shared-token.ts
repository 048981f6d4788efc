import { TenkError } from "../../base/mod.ts";
import { readSecret } from "../../part/mod.ts";
import type { LoadedConfig } from "../config/mod.ts";

/** Nobody guesses so many characters that a machine picked. */
const MIN_CHARACTERS = 20;

/**
 * Returns the token that the configuration sets, beside the one of the data folder: several instances can share it, and whoever
 * asks them knows it beforehand. Undefined where there is none.
 *
 * @throws {TenkError} `config`, without the token
 */
export function sharedToken({ config, folder }: Pick<LoadedConfig, "config" | "folder">): string | undefined {
  const { token, tokenFile } = config.dashboard;
  const setting = "dashboard.token";
  const read = readSecret({ value: token, file: tokenFile }, { setting, folder });
  if (read === undefined || new RegExp(`^[!-~]{${MIN_CHARACTERS},}$`).test(read)) return read;
  const hint = "openssl rand -hex 32 makes one";
  throw new TenkError("config", `${setting}: expected ${MIN_CHARACTERS} characters or more, without spaces`, { hint });
}
