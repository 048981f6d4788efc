import type { PartType, Service } from "../../part/mod.ts";
import { PARTS } from "../part-list.ts";
import type { LoadedConfig } from "./file.ts";
import type { Config } from "./schema.ts";

/** Parts that a file does not name, and that do not run for its services. */
export interface IdleParts {
  /** Their sections, which are all of defaults. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** Parts that the file names, and that run. */
  readonly others: readonly string[];
}

/** Parts that the file does not name, and that do not run unnamed, have no section. */
export function withoutUnwantedParts(
  config: Config,
  values: unknown,
  services: readonly Service[],
): { readonly config: Config; readonly idle: IdleParts } {
  const isNamed = ({ name }: PartType) => typeof values === "object" && values !== null && name in values;
  const sectionOf = ({ name }: PartType) => config[name as keyof Config];
  const others = PARTS.filter((part) => isNamed(part) && sectionOf(part) !== undefined).map(({ name }) => name);
  const unwanted = PARTS.filter((part) => !isNamed(part) && part.runsUnnamed?.(services, others) === false);
  const none = Object.fromEntries(unwanted.map(({ name }) => [name, undefined]));
  const sections = Object.fromEntries(unwanted.map((part) => [part.name, sectionOf(part)]));
  return { config: { ...config, ...none }, idle: { sections, others } };
}

/** Returns the configuration with other services. Parts that run for them are added; none is taken away that runs for the file. */
export function withServices(loaded: LoadedConfig, services: readonly Service[]): LoadedConfig {
  const { sections, others } = loaded.idle;
  const wanted = PARTS.filter(({ name, runsUnnamed }) => name in sections && runsUnnamed?.(services, others) !== false);
  const added = Object.fromEntries(wanted.map(({ name }) => [name, sections[name]]));
  return { ...loaded, services, config: { ...loaded.config, ...added } };
}
