import { type Address, formatAddress, withoutPassword } from "../../part/mod.ts";
import { isOptions, type LoadedConfig } from "./file.ts";
import { keyBelow, pathOfKey as pathOf } from "./key.ts";
import { quantityText } from "./quantity-text.ts";
import { metaAt } from "./schema-path.ts";

/** A setting as `tenk check` prints it; a configuration file accepts `value`. */
export interface Setting {
  /** Dotted, as in the file: `tcp.packets.limits.idle`. */
  readonly key: string;
  readonly value: string;
  readonly defaulted: boolean;
  /** The variable of the environment that has set it. */
  readonly variable?: string;
}

/** Returns every setting in force, flat, and whether it has its default value. */
export function effectiveSettings(loaded: LoadedConfig): Setting[] {
  return leaves(loaded.config, "").map(([key, value]) => {
    const setting = { key, value: written(key, value), defaulted: !isWritten(key, loaded.written) };
    const override = loaded.overrides.findLast((each) => key === each.key || key.startsWith(`${each.key}.`));
    return override === undefined ? setting : { ...setting, variable: override.variable };
  });
}

/** What the short form of a service, or of a section in it, stands for: `git: http://…` is `services.git.target`. */
const SHORT_FORM = /\.(target|folder|to|body|url)$/;

/** A section in its short form counts for its settings. */
function isWritten(key: string, written: ReadonlySet<string>): boolean {
  for (let each = key; each !== ""; each = each.slice(0, Math.max(0, each.lastIndexOf(".")))) {
    if (written.has(each)) return each === key || !each.startsWith("services.") || SHORT_FORM.test(key);
  }
  return false;
}

function leaves(value: unknown, prefix: string): [key: string, value: unknown][] {
  if (value === undefined) return [];
  const isOne = typeof value !== "object" || value === null || Array.isArray(value);
  if (isOne || isOptions(prefix) || isAddress(value)) return [[prefix, value]];
  return Object.entries(value).flatMap(([key, below]) => leaves(below, keyBelow(prefix, key)));
}

function isAddress(value: object): value is Address {
  return (
    ("path" in value && typeof value.path === "string" && Object.keys(value).length === 1) ||
    ("host" in value && "port" in value)
  );
}

/** Formats a value as a configuration file has it. Secrets are replaced. */
function written(key: string, value: unknown): string {
  if (typeof value === "object" && value !== null && isAddress(value)) return written(key, formatAddress(value));
  if (metaAt(pathOf(key), "secret") === true) return "(secret)";
  // A handler's options are the user's own data.
  if (isOptions(key)) return JSON.stringify(value);
  if (Array.isArray(value) && value.some((each) => typeof each === "number"))
    return `[${value.map((each, index) => numberText(pathOf(key).concat(`${index}`), each)).join(", ")}]`;
  // A list: JSON is valid YAML.
  if (typeof value === "object") return withoutPassword(JSON.stringify(value));
  // May be a private key.
  if (typeof value === "string" && value.includes("-----BEGIN ")) return "(PEM text)";
  if (typeof value === "string" && value.startsWith("$argon2")) return "(argon2id hash)";
  if (typeof value === "string") {
    const shown = withoutPassword(value);
    return isPlainWord(shown) ? shown : JSON.stringify(shown);
  }
  return numberText(pathOf(key), value);
}

function numberText(path: readonly string[], value: unknown): string {
  return typeof value === "number" ? quantityText(value, metaAt(path, "unit")) : JSON.stringify(value);
}

/** Returns whether a text needs no quotes in YAML. */
function isPlainWord(text: string): boolean {
  return /^[^\s\p{C}"'#&*!|>%@`{}[\],?-][^\p{C}"'#{}]*$/u.test(text) && !/: |\s$/.test(text);
}
