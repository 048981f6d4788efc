import { nearest, TenkError } from "../../../base/mod.ts";
import { loadModule, shownFile } from "../../../net/mod.ts";
import { scriptError } from "./script-error.ts";
import type { LoadScript } from "./types.ts";

const FUNCTIONS: Readonly<Record<keyof LoadScript, true>> = { init: true, request: true, response: true, done: true };
const NAMES = Object.keys(FUNCTIONS);

/**
 * Loads a script. The same file is run once on each event loop.
 *
 * @throws {TenkError} `file-unreadable`, or `invalid-option` with the file's line where there is one
 */
export async function loadScript(file: string): Promise<LoadScript> {
  const module = await loadModule(file);
  const exported = { ...(module.default as object | undefined), ...module };
  const script: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(exported)) {
    if (name in FUNCTIONS && typeof value !== "function") throw refused(file, `its ${name} must be a function`);
    if (name in FUNCTIONS) script[name] = value;
    else if (typeof value === "function" && name !== "default") checkName(file, name, exported);
  }
  if (Object.keys(script).length > 0) return script;
  throw refused(file, `it exports none of ${NAMES.join(", ")}`);
}

/** A misspelt function would never be called. */
function checkName(file: string, name: string, exported: object): void {
  const meant = nearest(name, NAMES);
  if (meant !== undefined && !(meant in exported)) throw refused(file, `it exports ${name}, did you mean ${meant}?`);
}

function refused(file: string, why: string): TenkError {
  return new TenkError("invalid-option", `Cannot use ${shownFile(file)} as a script: ${why}`, {
    hint: "export function request(context) { return { path: '/' }; }",
  });
}

/** Calls the script's `done` with the result of a run. @throws {TenkError} with file, line and function */
export async function tellDone(file: string, report: Parameters<NonNullable<LoadScript["done"]>>[0]): Promise<void> {
  const { done } = await loadScript(file);
  try {
    await done?.(report);
  } catch (error) {
    throw scriptError(error, file, "done");
  }
}
