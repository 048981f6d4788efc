import type { PartType } from "../part/mod.ts";
import * as parts from "./parts.ts";

type AnyPart = (typeof parts)[keyof typeof parts];

/** In alphabetical order, as modules list what they export. */
export const PARTS: readonly PartType[] = Object.values(parts);

/** The sections of the configuration by part: `{ tcp: … }`. */
export type PartSchemas = { [Each in AnyPart as Each["name"]]: Each["schema"] };

export const PART_SCHEMAS = Object.fromEntries(PARTS.map(({ name, schema }) => [name, schema])) as PartSchemas;
