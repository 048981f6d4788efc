import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isInstalled, versionOf } from "./process.ts";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "..");
/** Build products, ignored by git. */
const PRODUCTS = join(HERE, ".peers");
const VERTX = join(PRODUCTS, "vertx");
const VERTX_JAR = join(VERTX, "vertx-peer-1.jar");

/** Build products of bench/peers, by name. */
export function product(name: string): string {
  return join(PRODUCTS, name);
}

/** A file of bench/peers that needs no build. */
export function peerFile(name: string): string {
  return join(HERE, "peers", name);
}

/** Returns undefined on success, else the reason in one line, as all build functions do. */
export function compileC(name: string, libraries: readonly string[] = []): string | undefined {
  mkdirSync(PRODUCTS, { recursive: true });
  return run("gcc", ["-O2", "-Wall", "-Wextra", "-o", product(name), peerFile(`${name}.c`), ...libraries], HERE);
}

export function cVersion(): string {
  return `${versionOf("gcc", "--version")}, -O2`;
}

/** The module in bench/peers/FOLDER, or the program of another module that it requires. */
export function buildGo(folder: string, name: string, program = "."): string | undefined {
  return run("go", ["build", "-o", product(name), program], peerFile(folder));
}

/** A program of crates.io, as `NAME/bin/NAME` of the build products. Takes minutes. */
export function installCrate(name: string, version: string): string | undefined {
  return run("cargo", ["install", name, "--version", version, "--locked", "--root", product(name)], HERE);
}

export function goVersion(): string {
  return versionOf("go", "version");
}

export function buildVertx(): string | undefined {
  if (!isInstalled("java")) return "java is not installed";
  const project = peerFile("vertx");
  if (existsSync(VERTX_JAR) && statSync(VERTX_JAR).mtimeMs >= newestIn(project)) return undefined;
  return run("mvn", ["-q", "-B", `-Dpeers.build=${VERTX}`, "package"], project);
}

/** `name` is a class of bench/peers/vertx. */
export function vertxCommand(name: "Peer" | "Rooms", ...words: readonly string[]): string[] {
  return ["java", "-cp", `${VERTX_JAR}:${join(VERTX, "lib")}/*`, `bench.${name}`, ...words];
}

export function vertxVersion(): string {
  const jars = readdirSync(join(VERTX, "lib"));
  const [core, transport] = ["vertx-core-5", "netty-transport-4"].map((start) =>
    jars.find((file) => file.startsWith(start)),
  );
  return `${core?.replace(".jar", "")}, ${transport?.replace(".jar", "")}, ${versionOf("java", "-version")}`;
}

export function findNode(): string | undefined {
  return isInstalled("node") ? undefined : "node is not installed";
}

export function nodeVersion(): string {
  return versionOf("node", "--version");
}

/** Returns the shipped program if `npm run build` has built it since the last change, else its source. */
export function tenkCommand(): string[] {
  const file = join(ROOT, "dist", `tenk-linux-${process.arch}`);
  const isFresh = existsSync(file) && statSync(file).mtimeMs >= newestIn(join(ROOT, "src"));
  return isFresh ? [file] : [process.execPath, join(ROOT, "src/main.ts")];
}

export function tenkVersion(): string {
  const command = tenkCommand();
  return `${versionOf(...command, "--version")}, ${command.length === 1 ? "one executable" : `from source on Bun ${Bun.version}`}`;
}

/** Starts `tenk up` with one listener, given as its section of the configuration. */
export function tenkUp(port: number, listener: Readonly<Record<string, unknown>>): string[] {
  const config = {
    tcp: { bench: { listen: `127.0.0.1:${port}`, ...listener } },
    ...{ dashboard: { listen: "127.0.0.1:0" }, log: { level: "error" } },
  };
  return [...tenkCommand(), "up", "--config", settingsFile(port, "tenk.yaml", JSON.stringify(config))];
}

/** Writes a server's settings into the build folder. Several servers of a kind may run at once, on different ports. */
export function settingsFile(port: number, name: string, text: string): string {
  const folder = product("settings");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${port}-${name}`);
  writeFileSync(file, text);
  return file;
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return Math.max(...files.map((file) => statSync(join(folder, file)).mtimeMs));
}

function run(program: string, words: readonly string[], folder: string): string | undefined {
  if (!isInstalled(program)) return `${program} is not installed`;
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: "utf8" });
  if (status === 0) return undefined;
  const complaint = `${stderr}\n${stdout}`.split("\n").find((line) => /error/i.test(line)) ?? `exit code ${status}`;
  return `${program} failed: ${complaint.trim().slice(0, 200)}`;
}
