import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Checks by other programs: format, lint and types. Run by `npm run check` and by `test/rules.test.ts`. */
export const CHECKS: Readonly<Record<string, readonly string[]>> = {
  biome: [join(ROOT, "node_modules/@biomejs/biome/bin/biome"), "check", "--error-on-warnings"],
  tsc: [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit"],
  // The page runs in a browser: it has the browser's types, and none of the runtime's.
  "tsc of the page": [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "--project", "src/dash/page"],
};

/** Runs a check with this runtime, so that Node is not needed. Returns its output, or "" when it passed. */
export function complaintsOf(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? "" : `${stdout}${stderr}`.trim() || `exit code ${status}`;
}

if (import.meta.main) {
  for (const [name, args] of Object.entries(CHECKS)) {
    const complaints = complaintsOf(args);
    console.log(complaints === "" ? `${name}: clean` : complaints);
    if (complaints !== "") process.exitCode = 1;
  }
}
