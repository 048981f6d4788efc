import { parse } from "yaml";
import type { Setting } from "../../src/app/config/settings.ts";

/** What a configuration file would be that has these settings, each as it is printed. */
export function fileOf(settings: readonly Setting[]): string {
  const sections: Record<string, unknown> = {};
  for (const { key, value } of settings) {
    const path = [...key.matchAll(/"([^"]*)"|[^.]+/g)].map(([part, quoted]) => quoted ?? part);
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, part) => {
      at[part] ??= {};
      return at[part] as Record<string, unknown>;
    }, sections);
    parent[path.at(-1)!] = parse(value);
  }
  return JSON.stringify(sections);
}
