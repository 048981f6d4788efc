import { dirname, resolve } from "node:path";
import { type Document, isMap, isNode, type LineCounter, type Pair } from "yaml";
import type { z } from "zod";
import { nearest, TenkError } from "../../base/mod.ts";
import { formatAddress, type Service } from "../../part/mod.ts";
import { PARTS } from "../part-list.ts";
import { routeClashes, servicesOf } from "../services/mod.ts";
import { addressClashes, type ListeningSetting } from "./addresses.ts";
import { CONFIG_SCHEMA, type Config } from "./schema.ts";
import { keysAt, metaAt } from "./schema-path.ts";
import { parseConfigText, readConfigText } from "./text.ts";
import { type IdleParts, withoutUnwantedParts } from "./unnamed-parts.ts";

/** A configuration and its origin. */
export interface LoadedConfig {
  readonly config: Config;
  readonly services: readonly Service[];
  /** The file, as it was named; undefined without one. */
  readonly file: string | undefined;
  /** The folder that its relative paths are relative to. */
  readonly folder: string;
  /** The settings that the file has, dotted: `tcp.packets.listen`. All others have their default value. */
  readonly written: ReadonlySet<string>;
  /** The file has no settings: no text, or comments alone. */
  readonly isEmpty: boolean;
  readonly idle: IdleParts;
}

type Path = readonly PropertyKey[];

/**
 * Reads and checks a configuration file; without one, every setting has its default value.
 *
 * @throws {TenkError} `file-unreadable`, or `config` with one line for each problem: file, line, key, expected and found
 */
export function loadConfig(file?: string): LoadedConfig {
  if (file === undefined) {
    const config = CONFIG_SCHEMA.parse({});
    const idle = { sections: {}, others: [] };
    return { config, services: [], idle, file, folder: process.cwd(), written: new Set(), isEmpty: false };
  }
  return parseConfig(readConfigText(file), file, dirname(resolve(file)));
}

/**
 * Reads the file of a running instance again. A missing or empty file is an error: it is more likely a half-written save or a
 * full disk than a wish for all defaults, which include a port that is open to everybody.
 *
 * @throws {TenkError} as `loadConfig`, and `config` when the file is empty
 */
export function loadConfigAgain(file: string): LoadedConfig {
  const hint = "to run by defaults, stop and start without a file";
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(file);
  } catch (error) {
    if (!(error instanceof TenkError) || error.code !== "file-unreadable") throw error;
    throw new TenkError(error.code, error.message, { cause: error, hint });
  }
  if (loaded.isEmpty) throw new TenkError("config", `${file}: expected settings, found none`, { hint });
  return loaded;
}

/**
 * Parses and checks a configuration's text.
 *
 * @param file for the messages
 * @param folder the folder that its relative paths are relative to @default the working directory
 * @throws {TenkError} `config`
 */
export function parseConfig(text: string, file: string, folder: string = process.cwd()): LoadedConfig {
  const { raw: values, document, lines } = parseConfigText(text, file);
  const raw = withoutEmptySections(values);
  const result = CONFIG_SCHEMA.safeParse(raw);
  const line = (path: Path, at: "key" | "value") => lineOf(document, lines, path, at);
  const location = (path: Path, at: "key" | "value") => `${file}:${line(path, at)}:`;
  if (!result.success) throw refused(result.error.issues.flatMap((issue) => problemsOf(issue, raw, location)));
  const written = new Set(leavesOf(raw));
  const services = servicesOf(result.data.services, result.data.domain);
  const { config, idle } = withoutUnwantedParts(result.data, values, services);
  const problems = [...clashesOf(config, written, line), ...sharedRoutes(services, line)];
  if (problems.length > 0)
    throw refused(problems.map((problem) => `${location(problem.path, "value")} ${problem.text}`));
  return { config, services, idle, file, folder, written, isEmpty: values === null || values === undefined };
}

function refused(problems: readonly string[]): TenkError {
  return new TenkError("config", problems.join("\n"), { hint: "tenk check prints every setting and its default" });
}

/** Returns every address to listen on; the dashboard last, so that a clash is reported for it rather than for a listener. */
export function listeningSettings(config: Config): ListeningSetting[] {
  const ofParts = PARTS.flatMap((part) => {
    const section: unknown = config[part.name as keyof Config];
    const addresses = section === undefined ? [] : part.addresses(section);
    return addresses.map((each) => ({ ...each, setting: `${part.name}.${each.setting}` }));
  });
  return [...ofParts, { setting: "dashboard.listen", transport: "tcp", address: config.dashboard.listen }];
}

interface Problem {
  readonly path: Path;
  readonly text: string;
}

/** Names both settings of a clash, with their lines where the file has them. */
function clashesOf(config: Config, written: ReadonlySet<string>, line: (path: Path, at: "value") => number): Problem[] {
  return addressClashes(listeningSettings(config)).map(({ setting, address, takenBy }) => {
    const isDefault = !written.has(setting);
    const path = (isDefault ? takenBy.setting : setting).split(".");
    const other = isDefault
      ? `${setting}, by default: set one of them to another address`
      : `${takenBy.setting} (line ${line(takenBy.setting.split("."), "value")})`;
    const own = isDefault ? formatAddress(takenBy.address) : address;
    return { path, text: `${path.join(".")}: expected an address of its own, ${own} is that of ${other}` };
  });
}

/** Names both services that would answer the same requests, the second by its line. */
function sharedRoutes(services: readonly Service[], line: (path: Path, at: "key") => number): Problem[] {
  return routeClashes(services).map(({ service, other, route }) => ({
    path: ["services", service],
    text: `services.${service}: expected a host and path of its own, ${route} is that of services.${other} (line ${line(["services", other], "key")})`,
  }));
}

function problemsOf(
  issue: z.core.$ZodIssue,
  raw: unknown,
  location: (path: Path, at: "key" | "value") => string,
): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return `${location(path, "key")} ${unknownKey(issue.path, key)}`;
    });
  }
  if (issue.code === "invalid_key") {
    return [`${location(issue.path, "key")} ${dotted(issue.path)}: ${issue.issues[0]?.message ?? issue.message}`];
  }
  const found = metaAt(issue.path, "secret") === true ? "another text" : shown(valueAt(raw, issue.path));
  const name = issue.path.length === 0 ? "the file" : dotted(issue.path);
  return [`${location(issue.path, "value")} ${name}: ${issue.message}, found ${found}`];
}

function unknownKey(parent: Path, key: string): string {
  const known = keysAt(parent);
  const near = nearest(key, known);
  const name = dotted([...parent, key]);
  return near
    ? `${name}: unknown key, did you mean ${near}?`
    : `${name}: unknown key, expected one of ${known.join(", ")}`;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return String(value);
  if (typeof value === "object") return "a section";
  // What could not be read may have a password anywhere before its last @.
  return JSON.stringify(value).replace(/:\/\/.*@|^"(?!.*:\/\/).*:.*@/s, (found) =>
    found[0] === ":" ? "://***@" : '"***@',
  );
}

function dotted(path: Path): string {
  return path.map(String).join(".");
}

/** Returns the value that was written; of a section in its short form (`git: http://…`) that form. */
function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : value,
    raw,
  );
}

/** Returns the line of a key or its value; when the file has neither, that of the nearest key above. */
function lineOf(document: Document, lines: LineCounter, path: Path, at: "key" | "value"): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent) ? parent.items.find((item) => keyOf(item) === String(path[length - 1])) : undefined;
    const node =
      at === "value" && length === path.length && isNode(pair?.value) && !isMap(pair.value) ? pair.value : pair?.key;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function keyOf(pair: Pair): string {
  return String(isNode(pair.key) ? pair.key.toJSON() : pair.key);
}

/** Treats an empty section (`dashboard:` with only comments below it) as an absent one. */
function withoutEmptySections(raw: unknown): unknown {
  if (raw === null || raw === undefined) return {};
  if (typeof raw !== "object" || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null));
}

/** Returns the settings of the file. A list, and a handler's options, count as one setting. */
function leavesOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isOptions(prefix)) return [prefix];
  return Object.entries(value).flatMap(([key, below]) => leavesOf(below, keyBelow(prefix, key)));
}

/** Appends a key to a dotted path; a key that contains a dot is quoted: `tcp.a.tls.names."git.home.arpa".cert`. */
export function keyBelow(prefix: string, key: string): string {
  const part = key.includes(".") ? JSON.stringify(key) : key;
  return prefix === "" ? part : `${prefix}.${part}`;
}

/** Returns whether a setting is the user's own data, such as a handler's options. */
export function isOptions(key: string): boolean {
  const [name = "", ...below] = key.split(".");
  return PARTS.find((part) => part.name === name)?.opaqueSettings?.test(below.join(".")) ?? false;
}
