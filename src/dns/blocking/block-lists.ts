import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import type { ListSummary } from "../list-format/mod.ts";
import {
  type ListFile,
  type NameChange,
  NamePages,
  PageBuilder,
  PagesFullError,
  type PlacedRule,
} from "../pages/mod.ts";

export interface BlockListsOptions {
  /** Most memory for names. Default: 256 MiB, some 18 million names. */
  readonly maxBytes?: number;
  /** How long a build runs before it yields to other work. Default: 2 ms. */
  readonly sliceMs?: number;
  /** Secret number for the hash of names. Default: random. */
  readonly seed?: number;
}

/** What a build produces for `BlockDecision`. All of it can be sent to other threads. */
export interface BuiltLists {
  /** Changes only when the lists have outgrown it; then every reader needs a new `PageReader`. */
  readonly memory: SharedArrayBuffer;
  readonly seed: number;
  readonly files: readonly ListFile[];
  /** In the order of the files. */
  readonly summaries: readonly ListSummary[];
  readonly rules: readonly PlacedRule[];
  /** Rules that were left out because there are too many. */
  readonly refusedRules: number;
}

const MAX_BYTES = 256 * 1024 * 1024;
const MIN_BYTES = 1 << 20;
const SLICE_MS = 2;
/** Pages take half of their lists' bytes; the rest is room to grow. */
const BYTES_PER_LIST_BYTE = 0.8;

/** A build that can be kept on the disk, and used again as long as the files are the same. */
export interface ListsSnapshot extends Omit<BuiltLists, "memory"> {
  readonly pages: Uint8Array;
}

/** All lists in memory: the one writer of their pages. Lists are built in place, one build after the other. */
export class BlockLists {
  readonly #maxBytes: number;
  readonly #sliceMs: number;
  #seed: number;
  #pages: NamePages | undefined;
  #builder: PageBuilder | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isBuilding = false;
  /** Changes made during a build, which may already have read the user's rules. */
  readonly #changes: NameChange[] = [];

  constructor({
    maxBytes = MAX_BYTES,
    sliceMs = SLICE_MS,
    seed = randomBytes(4).readInt32LE(),
  }: BlockListsOptions = {}) {
    // Pages consist of words: a remainder could never be used, so growth would never reach the limit.
    this.#maxBytes = Math.floor(maxBytes / 4) * 4;
    this.#sliceMs = sliceMs;
    this.#seed = seed | 0;
  }

  /** Returns the last build for a later `restore`. */
  snapshot({ memory: _, ...built }: BuiltLists): ListsSnapshot {
    return { ...built, pages: this.#pages!.snapshot() };
  }

  /** Takes over a build of before, instead of the first one. `change` needs another build before. */
  restore({ pages: snapshot, ...built }: ListsSnapshot): BuiltLists {
    const { seed, files } = built;
    this.#seed = seed;
    this.#pages = new NamePages({ maxBytes: this.#roomFor(bytesOf(files) * BYTES_PER_LIST_BYTE), seed, snapshot });
    this.#builder = new PageBuilder(this.#pages);
    return { ...built, memory: this.#pages.memory };
  }

  /** Bytes of memory that names take. */
  get bytes(): number {
    return this.#pages?.bytes ?? 0;
  }

  /** Returns the number of distinct names. */
  countNames(): number {
    return this.#pages?.countNames() ?? 0;
  }

  /**
   * Builds all lists without yielding: for the start, before queries are answered.
   *
   * @throws {PagesFullError} and errors of the files; pages that were not rebuilt stay
   */
  buildNow(files: readonly ListFile[]): BuiltLists {
    const steps = this.#build(files);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** Builds all lists in slices, after a build that is already running. */
  build(files: readonly ListFile[]): Promise<BuiltLists> {
    const built = this.#last.then(() => this.#buildInSlices(files));
    this.#last = built.catch(() => undefined);
    return built;
  }

  async #buildInSlices(files: readonly ListFile[]): Promise<BuiltLists> {
    const steps = this.#build(files);
    let sliceEndMs = performance.now() + this.#sliceMs;
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (performance.now() < sliceEndMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sliceEndMs = performance.now() + this.#sliceMs;
    }
  }

  *#build(files: readonly ListFile[]): Generator<void, BuiltLists> {
    this.#isBuilding = true;
    try {
      this.#open(bytesOf(files) * BYTES_PER_LIST_BYTE);
      for (;;) {
        const pages = this.#pages!;
        try {
          const result = yield* this.#builder!.build(files);
          for (const change of this.#changes.splice(0)) pages.change(change);
          return { memory: pages.memory, seed: this.#seed, files, ...result };
        } catch (error) {
          if (!(error instanceof PagesFullError) || pages.memory.byteLength >= this.#maxBytes) throw error;
          this.#pages = undefined;
          this.#open(pages.memory.byteLength * 2);
        }
      }
    } finally {
      this.#isBuilding = false;
      this.#changes.length = 0;
    }
  }

  #open(bytes: number): void {
    if (this.#pages !== undefined) return;
    this.#pages = new NamePages({ maxBytes: this.#roomFor(bytes), seed: this.#seed });
    this.#builder = new PageBuilder(this.#pages);
  }

  #roomFor(bytes: number): number {
    return Math.min(this.#maxBytes, Math.max(MIN_BYTES, Math.ceil(bytes)));
  }

  /**
   * Changes one name immediately: a rule of the user's, or a list's entry that the user switches off.
   *
   * @returns the mask of lists that had it with these flags
   */
  change(change: NameChange): number {
    this.#open(0);
    if (this.#isBuilding) this.#changes.push(change);
    return this.#pages!.change(change);
  }
}

function bytesOf(files: readonly ListFile[]): number {
  return files.reduce((sum, { path }) => sum + statSync(path).size, 0);
}
