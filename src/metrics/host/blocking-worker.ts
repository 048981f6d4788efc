/** The program of a thread for calls that may hang. Started by `blocking.ts`, never imported. */
import { closeSync, openSync, readSync, statfsSync, statSync } from "node:fs";
import type { BlockingCall, BlockingResult, FileFacts } from "./blocking.ts";

declare const self: Worker;

const MAX_BYTES = 64 * 1024;
const buffer = Buffer.allocUnsafe(MAX_BYTES);

self.onmessage = ({ data }: MessageEvent<BlockingCall>) => {
  self.postMessage(resultOf(data));
};

function resultOf(call: BlockingCall): BlockingResult {
  try {
    return { value: answerTo(call) };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? "error" };
  }
}

function answerTo(call: BlockingCall): unknown {
  if (call.kind === "texts") return call.paths.map(textOf);
  // A plain object, since the runtime's StatFs cannot be sent between threads.
  return call.kind === "statfs" ? { ...statfsSync(call.path) } : factsOf(call.path);
}

function factsOf(path: string): FileFacts {
  const stats = statSync(path);
  return { sizeBytes: stats.size, writtenMs: stats.mtimeMs, isFolder: stats.isDirectory() };
}

/** One read returns a file of /sys as a whole. */
function textOf(path: string): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, MAX_BYTES, 0));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
