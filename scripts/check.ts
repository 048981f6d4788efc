import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** What other programs check: format and lint, types. `npm run check` shows their words, `test/rules.test.ts` asks too. */
export const CHECKS: Readonly<Record<string, readonly string[]>> = {
  biome: [join(ROOT, "node_modules/@biomejs/biome/bin/biome"), "check", "--error-on-warnings"],
  tsc: [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit"],
  // What runs in a browser knows its types and none of the runtime's.
  "tsc of the page": [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "--project", "src/dash/page"],
};

/** Runs one by this very runtime, so that no Node is needed; returns what it said, or "" when all is well. */
export function complaintsOf(words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? "" : `${stdout}${stderr}`.trim() || `exit code ${status}`;
}

if (import.meta.main) {
  for (const [name, words] of Object.entries(CHECKS)) {
    const complaints = complaintsOf(words);
    console.log(complaints === "" ? `${name}: clean` : complaints);
    if (complaints !== "") process.exitCode = 1;
  }
}
