import { lstat, rename, unlink } from "node:fs/promises";
import { type Log, messageOf, occasionally } from "../../base/mod.ts";
import type { RotationOptions } from "./options.ts";

/** How often the size is looked at. A file becomes as much longer as is written meanwhile. */
const EVERY_MS = 1000;
const LOG_EVERY_MS = 60_000;

export interface LogRotation {
  /** Looks at once. */
  check(): Promise<void>;
  stop(): void;
}

/** Bounds a log file; of the former ones `access.log.1` is the newest. One for the process: event loops notice that the file was renamed, and make a new one. */
export function startRotation(options: RotationOptions | undefined, log: Log): LogRotation {
  if (options === undefined || options.maxBytes === 0) return { check: async () => {}, stop() {} };
  const { file, maxBytes, keep } = options;
  const failed = occasionally<unknown>((count, error) => {
    log.warn("access log cannot be rotated", { file, error: messageOf(error), count });
  }, LOG_EVERY_MS);
  let checking: Promise<void> | undefined;
  async function rotate(): Promise<void> {
    try {
      const found = await lstat(file).catch(() => undefined);
      // Neither a pipe nor a device, nor a link to somebody else's file.
      if (found === undefined || !found.isFile() || found.size < maxBytes) return;
      for (let index = keep - 1; index >= 1; index--) {
        await rename(`${file}.${index}`, `${file}.${index + 1}`).catch(ignoreMissing);
      }
      await (keep === 0 ? unlink(file) : rename(file, `${file}.1`));
    } catch (error) {
      failed(error);
    } finally {
      checking = undefined;
    }
  }
  const check = () => (checking ??= rotate());
  const timer = setInterval(() => void check(), EVERY_MS);
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}

function ignoreMissing(error: unknown): void {
  if ((error as { code?: string }).code !== "ENOENT") throw error;
}
