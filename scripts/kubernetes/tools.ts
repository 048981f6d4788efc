/** Programs for manifests: built by Go once, and kept outside the repository. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { TOOLS } from "./versions.ts";

/** Where built programs are kept: `TENK_CLUSTER_CACHE`, or `~/.cache/tenk-cluster`. */
export const CACHE = process.env.TENK_CLUSTER_CACHE ?? join(homedir(), ".cache", "tenk-cluster");

export type Tool = keyof typeof TOOLS;

/** Returns a program's path; undefined where it has not been built yet. */
export function cachedTool(tool: Tool): string | undefined {
  const program = programOf(tool);
  return existsSync(program) ? program : undefined;
}

/** Returns a program's path, and builds it where it has not been built yet: kubeconform in 14 s of CPU, kustomize 30, helm 145. */
export function builtTool(tool: Tool): string {
  const program = programOf(tool);
  if (existsSync(program)) return program;
  const folder = join(CACHE, `building-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  goRun(["install", "-trimpath", TOOLS[tool]], { GOBIN: folder });
  renameSync(join(folder, tool), program);
  return program;
}

/** Downloads a module (`path@version`) and returns the folder that it is in. */
export function moduleFolder(module: string): string {
  return JSON.parse(goRun(["mod", "download", "-json", module])).Dir;
}

/** @throws with what Go printed, where it fails */
export function goRun(args: readonly string[], environment: Record<string, string> = {}, folder = CACHE): string {
  mkdirSync(folder, { recursive: true });
  const { status, stdout, stderr } = spawnSync("go", args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "", ...environment },
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`go ${args.join(" ")} failed: ${stderr ?? ""}`);
  return stdout;
}

function programOf(tool: Tool): string {
  const version = TOOLS[tool].split("@")[1]!;
  return join(CACHE, `${basename(tool)}-${version}`);
}
