import { formatBytes, formatDuration } from "../../base/mod.ts";
import { type FileFacts, fileFacts, TimedCalls } from "../../metrics/mod.ts";
import type { Outcome } from "../health/mod.ts";

export interface FileCheck {
  /** Absolute; a link is followed. */
  readonly path: string;
  /** One that was written earlier is too old. @default {it may be as old as it likes} */
  readonly maxAgeMs?: number | undefined;
  /** A smaller one is no whole backup. @default {it may be empty} */
  readonly minBytes?: number | undefined;
  readonly nowMs?: () => number;
}

/** A file system whose server is gone never answers: such a call holds its thread until it does, and is not made twice. */
const calls = new TimedCalls({ timeoutMs: 5000 });

const FAILURES: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `there is no ${path}: has its job ever run?`,
  ENOTDIR: (path) => `there is no ${path}: has its job ever run?`,
  ELOOP: (path) => `${path} is a link that leads nowhere`,
  timeout: (path) => `the file system of ${path} does not answer: is its server, or its disk, gone?`,
};

/** Looks when a file or folder was written last, and how large it is. It is never opened. */
export async function checkFile(check: FileCheck): Promise<Outcome> {
  const { path } = check;
  const result = await calls.run(path, () => fileFacts(path));
  if ("value" in result) return outcomeOf(result.value, check);
  const words = FAILURES[result.failure];
  if (words !== undefined) return { result: "down", facts: {}, reason: words(path) };
  const user = "this machine cannot look at";
  if (result.failure !== "EACCES") return unknown(`${user} ${path}: ${result.failure}`);
  return unknown(`tenk may not look at ${path}: let its user enter the folders above it (chmod o+x, or setfacl)`);
}

function outcomeOf({ sizeBytes, writtenMs, isFolder }: FileFacts, check: FileCheck): Outcome {
  const { path, maxAgeMs = Number.POSITIVE_INFINITY, minBytes = 0, nowMs = Date.now } = check;
  const ageMs = Math.max(0, nowMs() - writtenMs);
  const age = formatDuration(Math.round(ageMs / 1000) * 1000);
  const down = (reason: string): Outcome => ({ result: "down", facts: {}, reason });
  if (ageMs > maxAgeMs)
    return down(`${path} was written ${age} ago, and should be no older than ${formatDuration(maxAgeMs)}: did its job run?`); // biome-ignore format: one sentence
  // A folder has the size of its list of names.
  if (!isFolder && sizeBytes < minBytes)
    return down(`${path} has ${formatBytes(sizeBytes)}, and should have at least ${formatBytes(minBytes)}: was it cut off?`); // biome-ignore format: one sentence
  return { result: "up", facts: {}, reason: `written ${age} ago${isFolder ? "" : `, ${formatBytes(sizeBytes)}`}` };
}

function unknown(reason: string): Outcome {
  return { result: "unknown", facts: {}, reason };
}
