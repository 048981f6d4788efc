import { statSync } from "node:fs";
import { fileProblemOf, TenkError } from "../../base/mod.ts";

/** @throws {TenkError} `file-unreadable` where the path is no folder */
export function checkFolder(setting: string, path: string): void {
  let problem: string | undefined;
  try {
    if (!statSync(path).isDirectory()) problem = "it is no folder";
  } catch (error) {
    problem = fileProblemOf(error);
  }
  if (problem !== undefined)
    throw new TenkError("file-unreadable", `Cannot serve the files of ${path} (${setting}): ${problem}`);
}
