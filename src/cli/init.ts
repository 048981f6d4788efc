import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { libraryTypes, VERSION } from "../app/mod.ts";
import { messageOf, systemCodeOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { NODE_TYPES } from "./node-types.ts";
import { print } from "./output.ts";

const START = [
  'import { type Handler, lines } from "tenk";',
  "",
  "/** A chat: each line goes to everybody else. Two terminals try it: nc 127.0.0.1 9091 */",
  "const chat: Handler = {",
  "  framing: lines({ maxBytes: 1000 }),",
  '  open: (connection) => connection.subscribe("room"),',
  "  frame(connection, line) {",
  "    const text = new TextDecoder().decode(line);",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one where this is written to
  '    connection.publish("room", `${connection.id}: ${text}\\n`);',
  "  },",
  "};",
  "",
  "export default chat;",
  "",
].join("\n");

/** Options with which an editor reads the file as `tenk run` does. */
const COMPILER_OPTIONS = {
  target: "ESNext",
  module: "Preserve",
  moduleResolution: "bundler",
  lib: ["ESNext", "DOM"],
  types: ["node"],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
};

/**
 * Writes a handler to start from, and what an editor needs to check it against this version. Existing files are kept.
 *
 * @returns the exit code
 * @throws {TenkError} `file-unreadable`
 */
export function initFolder(file: string): number {
  const path = resolve(file);
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true });
    const messages = [writeNew(path, START)];
    if (isInTenk(folder)) messages.push("types: those of this checkout");
    else {
      // An installed library is source, which is checked with the runtime's types.
      const isInstalled = existsSync(join(folder, "node_modules/tenk/src/mod.ts"));
      const options = { compilerOptions: { ...COMPILER_OPTIONS, types: [isInstalled ? "bun" : "node"] } };
      messages.push(
        writeNew(join(folder, "tsconfig.json"), `${JSON.stringify(options, null, 2)}\n`),
        writeTypes(folder),
      );
      if (!isInstalled) messages.push(...writeNodeTypes(folder));
      else if (!hasTypes(folder, "bun")) messages.push("for an editor: npm install --save-dev typescript @types/bun");
    }
    print([...messages, `now: tenk run ${relative(process.cwd(), path)}`].join("\n"));
    return EXIT.pass;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    throw new TenkError("file-unreadable", `Cannot write into ${folder}: ${messageOf(error)}`, { cause: error });
  }
}

function writeNew(path: string, text: string): string {
  const name = relative(process.cwd(), path);
  try {
    writeFileSync(path, text, { flag: "wx" });
    return `wrote ${name}`;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return `kept ${name}, which was there`;
    throw error;
  }
}

/** Writes the types that `import "tenk"` finds in an editor; `tenk run` resolves the import to itself. */
function writeTypes(folder: string): string {
  const packageFolder = join(folder, "node_modules", "tenk");
  const name = relative(process.cwd(), packageFolder);
  if (existsSync(packageFolder)) {
    const version = manifestOf(packageFolder)?.version ?? "another version";
    const isOld = version !== VERSION ? ` (of ${version}; remove it to get those of ${VERSION})` : "";
    return `kept ${name}, which was there${isOld}`;
  }
  for (const [path, text] of Object.entries(libraryTypes())) {
    const file = join(packageFolder, "types", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
  }
  const types = "./types/mod.d.ts";
  const manifest = { name: "tenk", version: VERSION, type: "module", types, exports: { ".": { types } } };
  writeFileSync(join(packageFolder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`, { flag: "wx" });
  return `wrote ${name}, the types for an editor`;
}

/** Writes the names of Node's modules when its types cannot be found. */
function writeNodeTypes(folder: string): string[] {
  if (hasTypes(folder, "node")) return [];
  const packageFolder = join(folder, "node_modules", "@types", "node");
  mkdirSync(packageFolder, { recursive: true });
  const manifest = { name: "@types/node", version: "0.0.0", types: "index.d.ts" };
  writeFileSync(join(packageFolder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return [writeNew(join(packageFolder, "index.d.ts"), NODE_TYPES)];
}

/** Looks in the folder and every folder above, as a compiler does. */
function hasTypes(folder: string, name: string): boolean {
  if (existsSync(join(folder, "node_modules", "@types", name))) return true;
  return folder !== dirname(folder) && hasTypes(dirname(folder), name);
}

/** Returns whether a folder is in a checkout of tenk, where `import "tenk"` is the package itself. */
function isInTenk(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = manifestOf(at);
    if (manifest !== undefined) return manifest.name === "tenk" && existsSync(join(at, "src/mod.ts"));
    if (at === dirname(at)) return false;
  }
}

/** Reads a folder's package.json; undefined when it has none, or a malformed one. */
function manifestOf(folder: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch {
    return undefined;
  }
}
