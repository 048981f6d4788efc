import { hostname } from "node:os";

/**
 * Returns the names of this machine: `localhost`, its host name, and that below `local` and its domain.
 *
 * @param given names to use instead of the last three
 */
export function machineNames(domain: string | undefined, given?: readonly string[]): string[] {
  const name = hostname().toLowerCase();
  const usual = [name, `${name}.local`, ...(domain === undefined ? [] : [`${name}.${domain}`])];
  return [...new Set(["localhost", ...(given ?? usual)])];
}

/** Returns those that a certificate can be for: a bare host name is none. */
export function certifiable(names: readonly string[]): string[] {
  return names.filter((name) => name === "localhost" || name.includes("."));
}
