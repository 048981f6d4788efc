export { logDefaults, logNotes } from "./defaults.ts";
export { heldAddresses, type LoadedConfig, loadConfig, loadConfigAgain, parseConfig } from "./file.ts";
export { configJsonSchema, type JsonSchema } from "./json-schema.ts";
export { migrateFile } from "./migrate-file.ts";
export type { Config } from "./schema.ts";
export { effectiveSettings, type Setting } from "./settings.ts";
export { withServices } from "./unnamed-parts.ts";
