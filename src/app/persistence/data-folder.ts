import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { LoadedConfig } from "../config/mod.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the default data folder, which has the history, load tests and the token.
 *
 * @example
 * usualDataFolder({ XDG_DATA_HOME: "/data" }, true); // "/data/tenk"
 * usualDataFolder({}, true); // "/var/lib/tenk"
 * usualDataFolder({ STATE_DIRECTORY: "/var/lib/tenk" }, false); // "/var/lib/tenk", as systemd says
 */
export function usualDataFolder(
  environment: Environment = process.env,
  isRoot: boolean = process.getuid?.() === 0,
): string {
  const { XDG_DATA_HOME: home, STATE_DIRECTORY: state } = environment;
  // StateDirectory= of the unit; several are separated by colons.
  const [ofService = ""] = (state ?? "").split(":");
  if (isAbsolute(ofService)) return ofService;
  // The XDG specification says to ignore relative paths.
  if (home !== undefined && isAbsolute(home)) return join(home, "tenk");
  return isRoot ? "/var/lib/tenk" : join(homeFolder(), ".local", "share", "tenk");
}

/** A user without a name, as in a container, may have none: then it is `/`, as container engines say it is. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}

/** Returns the data folder of a configuration. @param usual when the configuration names none */
export function dataFolderOf<Usual extends string | undefined>(
  { config, folder }: LoadedConfig,
  usual: Usual,
): string | Usual {
  return config.data.folder === undefined ? usual : resolve(folder, config.data.folder);
}
