import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isInstalled, type Running, versionOf } from "./process.ts";
import type { Measured } from "./rounds.ts";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "..");
/** Build products, ignored by git. */
const PRODUCTS = join(HERE, ".peers");

export const SENDER = join(PRODUCTS, "sender-epoll");
export type Mode = "sink" | "echo";

/** A server that is measured. */
export interface Peer extends Measured {
  command(mode: Mode, port: number): string[];
  /** Bytes it says it got, asked before it is stopped. Default: `bytes` of the JSON line it prints at SIGTERM. */
  received?(running: Running): Promise<number>;
}

export const PEERS: readonly Peer[] = [
  {
    name: "c-epoll",
    prepare: () => compileC("sink-epoll"),
    command: (mode, port) => [join(PRODUCTS, "sink-epoll"), mode, String(port)],
    version: () => `${versionOf("gcc", "--version")}, -O2`,
  },
  tenk("tenk", 1),
  tenk("tenk-2-workers", 2),
  {
    name: "node",
    prepare: () => (isInstalled("node") ? undefined : "node is not installed"),
    command: (mode, port) => ["node", join(HERE, "peers/node-peer.mjs"), mode, String(port)],
    version: () => versionOf("node", "--version"),
  },
  {
    name: "go",
    prepare: () => run("go", ["build", "-o", join(PRODUCTS, "go-peer"), "."], join(HERE, "peers/go")),
    command: (mode, port) => [join(PRODUCTS, "go-peer"), mode, String(port)],
    version: () => versionOf("go", "version"),
  },
  vertx("vertx", []),
  vertx("vertx-native", ["native"]),
];

/** The program as it is shipped, where `npm run build` has made it since the last change; else its source. */
export function tenkCommand(): string[] {
  const file = join(ROOT, "dist", `tenk-linux-${process.arch}`);
  const isFresh = existsSync(file) && statSync(file).mtimeMs >= newestIn(join(ROOT, "src"));
  return isFresh ? [file] : [process.execPath, join(ROOT, "src/main.ts")];
}

export function tenkVersion(): string {
  const command = tenkCommand();
  return `${versionOf(...command, "--version")}, ${command.length === 1 ? "one executable" : `from source on Bun ${Bun.version}`}`;
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return Math.max(...files.map((file) => statSync(join(folder, file)).mtimeMs));
}

function tenk(name: string, workers: number): Peer {
  return {
    name,
    prepare: () => (existsSync(join(ROOT, "src/main.ts")) ? undefined : "src/main.ts is missing"),
    command: (mode, port) => [
      ...[...tenkCommand(), "up", "--json", "--log-level", "error", "--dashboard", "127.0.0.1:0"],
      ...["--listen", `127.0.0.1:${port}`, "--handler", mode, "--workers", String(workers)],
    ],
    version: tenkVersion,
    async received(running) {
      const { statusUrl } = JSON.parse(running.lines[0] ?? "{}") as { statusUrl: string };
      const status = (await (await fetch(`${statusUrl}api/status`)).json()) as {
        listeners: { counts: { bytesRead: number } }[];
      };
      return status.listeners[0]?.counts.bytesRead ?? Number.NaN;
    },
  };
}

function vertx(name: string, words: readonly string[]): Peer {
  const products = join(PRODUCTS, "vertx");
  const project = join(HERE, "peers/vertx");
  const jar = join(products, "vertx-peer-1.jar");
  return {
    name,
    prepare() {
      if (!isInstalled("java")) return "java is not installed";
      if (existsSync(jar) && statSync(jar).mtimeMs >= newestIn(project)) return undefined;
      return run("mvn", ["-q", "-B", `-Dpeers.build=${products}`, "package"], project);
    },
    command: (mode, port) => [
      ...["java", "-cp", `${jar}:${join(products, "lib")}/*`],
      ...["bench.Peer", mode, String(port), ...words],
    ],
    version() {
      const jars = readdirSync(join(products, "lib"));
      const [core, transport] = ["vertx-core-5", "netty-transport-4"].map((start) =>
        jars.find((file) => file.startsWith(start)),
      );
      return `${core?.replace(".jar", "")}, ${transport?.replace(".jar", "")}, ${versionOf("java", "-version")}`;
    },
  };
}

/** The sender and the C peer are needed by every run. */
export function compileC(name: string): string | undefined {
  mkdirSync(PRODUCTS, { recursive: true });
  return run("gcc", ["-O2", "-Wall", "-Wextra", "-o", join(PRODUCTS, name), join(HERE, `peers/${name}.c`)], HERE);
}

/** Undefined where it went well, else the reason in one line. */
function run(program: string, words: readonly string[], folder: string): string | undefined {
  if (!isInstalled(program)) return `${program} is not installed`;
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: "utf8" });
  if (status === 0) return undefined;
  const said = `${stderr}\n${stdout}`.split("\n").find((line) => /error/i.test(line)) ?? `exit code ${status}`;
  return `${program} failed: ${said.trim().slice(0, 200)}`;
}
