import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { TenkError } from "../base/mod.ts";
import { declarationFiles } from "./declaration-files.ts";

// `npm run build` replaces this name by the result of `packedTypes`; in a checkout it does not exist.
declare const TENK_TYPES: string | undefined;

/** Options of `tsconfig.json`, for emitting types only. */
const COMPILER = [
  ["--ignoreConfig", "--declaration", "--emitDeclarationOnly", "--target", "ESNext", "--module", "Preserve"],
  ["--moduleResolution", "bundler", "--allowImportingTsExtensions", "--resolveJsonModule", "--skipLibCheck"],
  ["--types", "bun", "--strict", "--exactOptionalPropertyTypes", "--pretty", "false"],
].flat();

/**
 * Returns the library's declaration files, by path; `mod.d.ts` is the entry point. Those of all sources would be too many to be passed on in
 * one argument (128 KiB).
 *
 * @throws {TenkError} `unsupported` in a checkout without its compiler
 */
export function libraryTypes(): Readonly<Record<string, string>> {
  if (typeof TENK_TYPES !== "string") return compiled();
  return JSON.parse(brotliDecompressSync(Buffer.from(TENK_TYPES, "base64")).toString());
}

/** Compresses declaration files into text, for the executable. */
export function packedTypes(types = libraryTypes()): string {
  return brotliCompressSync(JSON.stringify(types)).toString("base64");
}

/** Runs the compiler, which takes about a second. */
function compiled(): Record<string, string> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const compiler = join(root, "node_modules/.bin/tsc");
  if (!existsSync(compiler)) {
    throw new TenkError("unsupported", "Cannot make the types for an editor: this checkout has no TypeScript", {
      hint: "npm install --include=dev, or use the executable",
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "tenk-types-"));
  try {
    const args = [join(root, "src/mod.ts"), "--rootDir", join(root, "src"), "--outDir", folder, ...COMPILER];
    const { stdout } = spawnSync(compiler, args, { cwd: root, encoding: "utf8" });
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".d.ts"));
    if (!files.includes("mod.d.ts"))
      throw new TenkError("unsupported", `Cannot make the types for an editor: ${stdout}`);
    return declarationFiles("mod.d.ts", (path) => readFileSync(join(folder, path), "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
