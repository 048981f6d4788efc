/** Turns a Caddyfile into `services:` of the configuration. */
export type { CaddyfileSources } from "./directives.ts";
export { type ImportedCaddyfile, importCaddyfile } from "./import.ts";
export type { Problem as CaddyfileProblem } from "./tokens.ts";
