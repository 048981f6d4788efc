import { readdirSync, readFileSync } from "node:fs";
import { sourceUrl } from "../../base/mod.ts";
import type { StatFs } from "./mounts.ts";

/** A call that may hang. `texts` results in undefined for a file that cannot be read. */
export type BlockingCall =
  | { readonly kind: "statfs"; readonly path: string }
  | { readonly kind: "stat"; readonly path: string }
  | { readonly kind: "texts"; readonly paths: readonly string[] };

/** What is known of a file from outside. */
export interface FileFacts {
  readonly sizeBytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly writtenMs: number;
  readonly isFolder: boolean;
}

/** The thread's result of one call; an error becomes its code. */
export type BlockingResult = { readonly value: unknown } | { readonly code: string };

/** The runtime's workers have more than the web's. */
type Thread = Worker & { unref(): void };

/** A thread needs about a dozen; the runtime ends the process when a thread cannot start for lack of descriptors. */
const SPARE_DESCRIPTORS = 64;

/**
 * Our own threads for calls that may hang. The runtime's pool serves everything else and has as few as two threads: one dead
 * mount would block half of it. A thread is started in 10 ms when all others are busy, and costs 2 MiB.
 */
class BlockingThreads {
  readonly #idle: Thread[] = [];

  /** @throws {Error} with the kernel's error code */
  async statfs(path: string): Promise<StatFs> {
    return (await this.#call({ kind: "statfs", path })) as StatFs;
  }

  /** Looks at a file, which is not opened. @throws {Error} with the kernel's error code */
  async stat(path: string): Promise<FileFacts> {
    return (await this.#call({ kind: "stat", path })) as FileFacts;
  }

  /** Reads files one after the other, at most 64 KiB of each. */
  async texts(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    return (await this.#call({ kind: "texts", paths })) as readonly (string | undefined)[];
  }

  #call(call: BlockingCall): Promise<unknown> {
    const thread = this.#idle.pop() ?? startThread();
    if (thread === undefined) return Promise.reject(errorOf("no free thread"));
    return new Promise((resolve, reject) => {
      thread.onmessage = ({ data }: MessageEvent<BlockingResult>) => {
        this.#idle.push(thread);
        if ("code" in data) reject(errorOf(data.code));
        else resolve(data.value);
      };
      thread.onerror = (event) => {
        event.preventDefault();
        reject(errorOf("no free thread"));
      };
      thread.postMessage(call);
    });
  }
}

function startThread(): Thread | undefined {
  if (!hasSpareDescriptors()) return undefined;
  const thread = new Worker(sourceUrl("metrics/host/blocking-worker.ts")) as Thread;
  thread.unref();
  return thread;
}

function hasSpareDescriptors(): boolean {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return readdirSync("/proc/self/fd").length + SPARE_DESCRIPTORS <= Number(limit ?? Number.POSITIVE_INFINITY);
  } catch {
    return false;
  }
}

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Shared by this process. */
export const blockingThreads = new BlockingThreads();

/** Looks at a file on a thread of its own, since that may hang. The file is not opened. @throws {Error} with the kernel's error code */
export function fileFacts(path: string): Promise<FileFacts> {
  return blockingThreads.stat(path);
}
