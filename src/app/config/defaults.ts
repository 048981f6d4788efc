import type { Log } from "../../base/mod.ts";
import { PARTS } from "../part-list.ts";
import type { LoadedConfig } from "./file.ts";
import { effectiveSettings, type Setting } from "./settings.ts";

/** Defaults that are logged by value; `tenk check` prints all. */
const FOREMOST = /^(dashboard\.listen|data\.history)$/;
/** Lines about single settings and variables. */
const MAX_NOTES = 10;
/** A file may have thousands of listeners, and this is one line of the log. */
const MAX_NAMED = 6;

/** Logs what a person would not see in the file: what was migrated, what variables have set, and what has no effect. */
export function logNotes({ file, overrides, unusedVariables, empty, migrated }: LoadedConfig, log: Log): void {
  if (migrated.length > 0)
    log.warn("configuration of an older version, migrated in memory", {
      file,
      changes: migrated.slice(0, MAX_NAMED).join(", "),
      fix: "tenk check --migrate",
    });
  if (overrides.length > 0)
    log.info("settings from the environment", {
      settings: overrides.length,
      variables: overrides
        .slice(0, MAX_NAMED)
        .map(({ variable }) => variable)
        .join(","),
    });
  for (const { variable, why } of unusedVariables.slice(0, MAX_NOTES))
    log.warn("environment variable has no effect", { variable, reason: why });
  for (const { key, line } of empty.slice(0, MAX_NOTES))
    log.warn("setting is empty, its default is used", { setting: key, file, line });
}

/**
 * Logs the settings that have their default value: one line with the foremost and the number of the others, and at level debug one
 * line for each section, `defaults of=tcp.packets backlog=4096 noDelay=true …`.
 */
export function logDefaults(loaded: LoadedConfig, log: Log): void {
  const taken = effectiveSettings(loaded).filter(({ defaulted }) => defaulted);
  if (taken.length === 0) return;
  const named = taken.filter(({ key }) => isForemost(key)).slice(0, MAX_NAMED);
  const values = Object.fromEntries(named.map(({ key, value }) => [key, value]));
  log.info("defaults", { ...values, others: taken.length - named.length, all: "tenk check" });
  for (const [part, settings] of byPart(taken)) log.debug("defaults", { of: part, ...settings });
}

function isForemost(key: string): boolean {
  const { part, below } = split(key);
  return FOREMOST.test(key) || (part?.foremostSettings?.test(below) ?? false);
}

function split(key: string) {
  const [name = "", ...below] = key.split(".");
  return { part: PARTS.find((part) => part.name === name), name, below: below.join(".") };
}

/** Groups settings by section; those of a part by section and name: `tcp.packets`. */
function byPart(settings: readonly Setting[]): Map<string, Record<string, string>> {
  const groups = new Map<string, Record<string, string>>();
  for (const { key, value } of settings) {
    const { part, name, below } = split(key);
    const [item = "", ...rest] = below.split(".");
    const isNamed = part !== undefined && rest.length > 0;
    const group = isNamed ? `${name}.${item}` : name;
    groups.set(group, { ...groups.get(group), [isNamed ? rest.join(".") : below]: value });
  }
  return groups;
}
