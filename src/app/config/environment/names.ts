import { z } from "zod";
import { inner } from "../schema-path.ts";

/** Returns the variable of a setting: `tcp.packets.limits.perAddress` is `TENK_TCP_PACKETS_LIMITS_PER_ADDRESS`. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((key) =>
    key
      .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replace(/[^A-Za-z0-9]+/g, "_")
      .toUpperCase(),
  );
  return ["TENK", ...words].join("_");
}

/** Returns the variables of all settings; in sections of names, those of declared names. */
export function variablesOf(schema: unknown, declared: unknown, path: readonly string[] = []): string[] {
  const at = inner(schema);
  const entries = typeof declared === "object" && declared !== null ? (declared as Record<string, unknown>) : {};
  if (at instanceof z.ZodObject)
    return Object.entries(at.shape).flatMap(([key, next]) => variablesOf(next, entries[key], [...path, key]));
  if (!(at instanceof z.ZodRecord)) return [variableOf(path)];
  return Object.entries(entries).flatMap(([name, each]) => variablesOf(at.valueType, each, [...path, name]));
}
