import type { PartType } from "../part/mod.ts";
import * as parts from "./parts.ts";

type AnyPart = (typeof parts)[keyof typeof parts];

/** All parts, in alphabetical order, in which a module lists its exports. */
export const PARTS: readonly PartType[] = Object.values(parts);

/** The schemas of the parts' sections, by name: `{ tcp: … }`. */
export type PartSchemas = { [Each in AnyPart as Each["name"]]: Each["schema"] };

export const PART_SCHEMAS = Object.fromEntries(PARTS.map(({ name, schema }) => [name, schema])) as PartSchemas;
