import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { LoadedConfig } from "../config/mod.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where history, load tests and the token are kept unless a configuration says otherwise.
 *
 * @example
 * usualDataFolder({ XDG_DATA_HOME: "/data" }, true); // "/data/tenk"
 * usualDataFolder({}, true); // "/var/lib/tenk"
 */
export function usualDataFolder(
  environment: Environment = process.env,
  isRoot: boolean = process.getuid?.() === 0,
): string {
  const { XDG_DATA_HOME: home } = environment;
  // The specification of these variables has relative paths ignored.
  if (home !== undefined && isAbsolute(home)) return join(home, "tenk");
  return isRoot ? "/var/lib/tenk" : join(homedir(), ".local", "share", "tenk");
}

/** A configuration's own, relative to its file. @param usual where it has none */
export function dataFolderOf<Usual extends string | undefined>(
  { config, folder }: LoadedConfig,
  usual: Usual,
): string | Usual {
  return config.data.folder === undefined ? usual : resolve(folder, config.data.folder);
}
