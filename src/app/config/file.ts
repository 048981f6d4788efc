import { dirname, resolve } from "node:path";
import { type Document, isMap, isNode, type LineCounter, type Pair } from "yaml";
import { z } from "zod";
import { nearest, TenkError } from "../../base/mod.ts";
import { formatAddress, type Service } from "../../part/mod.ts";
import { PARTS } from "../part-list.ts";
import { routeClashes, servicesOf } from "../services/mod.ts";
import { addressClashes, type ListeningSetting } from "./addresses.ts";
import { withoutEmpty } from "./empty.ts";
import { type Environment, type Override, type UnusedVariable, withEnvironment } from "./environment/mod.ts";
import { keyBelow, pathOfKey } from "./key.ts";
import { CONFIG_SCHEMA, type Config } from "./schema.ts";
import { inner, keysAt, metaAt } from "./schema-path.ts";
import { type ConfigText, parseConfigText, readConfigText } from "./text.ts";
import { type IdleParts, withoutUnwantedParts } from "./unnamed-parts.ts";
import { migrate } from "./version.ts";

/** A configuration and its origin. */
export interface LoadedConfig {
  readonly config: Config;
  readonly services: readonly Service[];
  /** The file, as it was named; undefined without one. */
  readonly file: string | undefined;
  /** The folder that its relative paths are relative to. */
  readonly folder: string;
  /** The settings that the file or a variable has, dotted: `tcp.packets.listen`. All others have their default value. */
  readonly written: ReadonlySet<string>;
  /** The file has no settings: no text, or comments alone. */
  readonly isEmpty: boolean;
  readonly idle: IdleParts;
  /** Settings that a variable of the environment has, over those of the file. */
  readonly overrides: readonly Override[];
  /** Variables that begin with `TENK_` and have no effect. */
  readonly unusedVariables: readonly UnusedVariable[];
  /** Settings that are written without a value, with their place; they have their default value. */
  readonly empty: readonly EmptySetting[];
  /** What was changed in memory, since the file is of an older version. */
  readonly migrated: readonly string[];
}

export interface EmptySetting {
  readonly key: string;
  readonly line: number;
}

type Path = readonly PropertyKey[];

/**
 * Reads and checks a configuration file; without one, every setting has its default value. Variables of the environment
 * (`TENK_TCP_PACKETS_LISTEN`) have the last word.
 *
 * @param environment @default {the process's}
 * @throws {TenkError} `file-unreadable`, or `config` with one line for each problem: file, line, key, expected and found
 */
export function loadConfig(file?: string, environment: Environment = process.env): LoadedConfig {
  if (file !== undefined) return parseConfig(readConfigText(file), file, dirname(resolve(file)), environment);
  return loadText(parseConfigText("", "environment"), {
    file,
    folder: process.cwd(),
    environment,
    isCommandLine: false,
    migrated: [],
  });
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
 * @param environment variables that have the last word @default {none}
 * @param isCommandLine the text is what options say, which variables do not change
 * @throws {TenkError} `config`
 */
export function parseConfig(
  text: string,
  file: string,
  folder: string = process.cwd(),
  environment: Environment = {},
  isCommandLine = false,
): LoadedConfig {
  const parsed = parseConfigText(text, file);
  const { lines, document } = parsed;
  const migrated = migrate(text, document, { file, line: (offset) => lines.linePos(offset).line });
  const current = migrated.changes.length === 0 ? parsed : parseConfigText(migrated.text, file);
  return loadText(current, { file, folder, environment, isCommandLine, migrated: migrated.changes });
}

interface Origin {
  readonly file: string | undefined;
  readonly folder: string;
  readonly environment: Environment;
  readonly isCommandLine: boolean;
  readonly migrated: readonly string[];
}

function loadText({ raw: values, document, lines }: ConfigText, origin: Origin): LoadedConfig {
  const { file, folder, environment, isCommandLine, migrated } = origin;
  const emptyKeys: string[] = [];
  const ofFile = withoutEmpty(values ?? {}, CONFIG_SCHEMA, emptyKeys);
  const declared = file === undefined ? namesByDefault() : ofFile;
  const fixed = isCommandLine ? leavesOf(ofFile) : [];
  const { raw, overrides, unused, problems: wrong } = withEnvironment(ofFile, environment, { declared, folder, fixed });
  if (wrong.length > 0) throw refused(wrong);
  const line = (path: Path, at: "key" | "value") => lineOf(document, lines, path, at);
  const place = (path: Path, at: "key" | "value") => variableFor(path, ofFile, overrides) ?? `line ${line(path, at)}`;
  const location = (path: Path, at: "key" | "value") =>
    `${variableFor(path, ofFile, overrides) ?? `${file ?? "environment"}:${line(path, at)}`}:`;
  const result = CONFIG_SCHEMA.safeParse(raw);
  if (!result.success) throw refused(result.error.issues.flatMap((issue) => problemsOf(issue, raw, location)));
  const written = new Set(leavesOf(raw).filter((key) => key !== ""));
  const services = servicesOf(result.data.services, result.data.domain);
  const named = overrides.length === 0 ? values : { ...(raw as object), ...(values as object | null) };
  const { config, idle } =
    file === undefined
      ? { config: result.data, idle: { sections: {}, others: [] } }
      : withoutUnwantedParts(result.data, named, services);
  const problems = [...clashesOf(config, written, place), ...sharedRoutes(services, place)];
  if (problems.length > 0)
    throw refused(problems.map((problem) => `${location(problem.path, "value")} ${problem.text}`));
  const empty = emptyKeys.map((key) => ({ key, line: line(pathOfKey(key), "key") }));
  const isEmpty = file !== undefined && (values === null || values === undefined) && overrides.length === 0;
  return {
    config,
    services,
    idle,
    file,
    folder,
    written,
    isEmpty,
    overrides,
    unusedVariables: unused,
    empty,
    migrated,
  };
}

/** Returns the sections of names that have some without a file: `tcp`, with the sink. */
function namesByDefault(): Record<string, unknown> {
  const shape: Record<string, unknown> = CONFIG_SCHEMA.shape;
  const sections = Object.entries(shape).flatMap(([key, schema]) =>
    schema instanceof z.ZodPrefault && inner(schema) instanceof z.ZodRecord
      ? [[key, schema.def.defaultValue] as const]
      : [],
  );
  return Object.fromEntries(sections);
}

/** Returns the variable that a problem is of: it has set what is wrong, or has made the section that something is missing in. */
function variableFor(path: Path, ofFile: unknown, overrides: readonly Override[]): string | undefined {
  const begins = (whole: Path, start: Path) => start.every((key, index) => String(whole[index]) === String(key));
  const set = overrides.find((each) => begins(path, each.path));
  if (set !== undefined || overrides.length === 0) return set?.variable;
  const parent = path.slice(0, -1);
  const isInFile =
    typeof valueAt(ofFile, parent) === "object" && leavesOf(ofFile).some((key) => begins(pathOfKey(key), parent));
  return isInFile ? undefined : overrides.find((each) => begins(each.path, parent))?.variable;
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

/**
 * Returns the addresses that can stay open during a restart: those of settings, and of `auto` what it tries first, unless it
 * is taken by a setting.
 */
export function heldAddresses(config: Config): ListeningSetting[] {
  const written = listeningSettings(config);
  const usual = PARTS.flatMap((part) => {
    const section: unknown = config[part.name as keyof Config];
    const addresses = section === undefined ? [] : (part.usualAddresses?.(section) ?? []);
    return addresses.map((each) => ({ ...each, setting: `${part.name}.${each.setting}` }));
  });
  return [...written, ...usual.filter((each) => addressClashes([...written, each]).length === 0)];
}

interface Problem {
  readonly path: Path;
  readonly text: string;
}

/** Names both settings of a clash, with their lines where the file has them. */
function clashesOf(
  config: Config,
  written: ReadonlySet<string>,
  place: (path: Path, at: "value") => string,
): Problem[] {
  return addressClashes(listeningSettings(config)).map(({ setting, address, takenBy }) => {
    const isDefault = !written.has(setting);
    const path = (isDefault ? takenBy.setting : setting).split(".");
    const other = isDefault
      ? `${setting}, by default: set one of them to another address`
      : `${takenBy.setting} (${place(takenBy.setting.split("."), "value")})`;
    const own = isDefault ? formatAddress(takenBy.address) : address;
    return { path, text: `${path.join(".")}: expected an address of its own, ${own} is that of ${other}` };
  });
}

/** Names both services that would answer the same requests, the second by its line. */
function sharedRoutes(services: readonly Service[], place: (path: Path, at: "key") => string): Problem[] {
  return routeClashes(services).map(({ service, other, route }) => ({
    path: ["services", service],
    text: `services.${service}: expected a host and path of its own, ${route} is that of services.${other} (${place(["services", other], "key")})`,
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

/** Returns the settings of the file. A list, and a handler's options, count as one setting. */
function leavesOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isOptions(prefix)) return [prefix];
  return Object.entries(value).flatMap(([key, below]) => leavesOf(below, keyBelow(prefix, key)));
}

/** Returns whether a setting is the user's own data, such as a handler's options. */
export function isOptions(key: string): boolean {
  const [name = "", ...below] = key.split(".");
  return PARTS.find((part) => part.name === name)?.opaqueSettings?.test(below.join(".")) ?? false;
}
