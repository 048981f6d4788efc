import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Log, messageOf } from "../../base/mod.ts";

/** Reads a file of JSON; undefined where there is none. One that is no JSON is set aside, and logged. */
export function readJsonFile(path: string, log: Log): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT")
      log.warn("push file unreadable", { path, error: messageOf(error) });
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    log.error("push file damaged, set aside", { path: `${path}.damaged`, error: messageOf(error) });
    renameSync(path, `${path}.damaged`);
    return undefined;
  }
}

/** Replaces a file so that a crash leaves the old or the new one. Nobody else may read it. @throws the system's error */
export function writeJsonFile(path: string, value: unknown): void {
  const next = `${path}.new`;
  writeFileSync(next, `${JSON.stringify(value)}\n`, { mode: 0o600, flush: true });
  renameSync(next, path);
}
