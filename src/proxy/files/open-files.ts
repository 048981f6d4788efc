import { close, constants, fstat, open } from "node:fs";
import { identityOf, type StoredFile } from "./stored-file.ts";

/** A file that is being sent. All who send the same file share its descriptor. */
export interface OpenFile {
  readonly descriptor: number;
  readonly identity: string;
  users: number;
}

/** Different files that are being sent at once on one event loop. */
const MAX_OPEN = 256;

/** Open descriptors of an event loop by the files' identities, so that many slow readers of one file cost one. */
export class OpenFiles {
  readonly #maxOpen: number;
  readonly #files = new Map<string, OpenFile>();
  readonly #waiting = new Map<string, ((file: OpenFile | "busy" | "changed") => void)[]>();

  /** @param maxOpen different files @default {256} */
  constructor(maxOpen = MAX_OPEN) {
    this.#maxOpen = maxOpen;
  }

  /**
   * Opens a file that was found, for `done`: at once where it is open already. `changed`: another one is there now.
   * Whoever gets a file gives it back once.
   */
  open(stored: StoredFile, done: (file: OpenFile | "busy" | "changed") => void): void {
    const { identity } = stored;
    const file = this.#files.get(identity);
    if (file !== undefined) {
      file.users += 1;
      done(file);
      return;
    }
    const waiting = this.#waiting.get(identity);
    if (waiting !== undefined) waiting.push(done);
    else if (this.#files.size + this.#waiting.size >= this.#maxOpen) done("busy");
    else {
      this.#waiting.set(identity, [done]);
      openSame(stored, (descriptor) => this.#opened(identity, descriptor));
    }
  }

  giveBack(file: OpenFile): void {
    file.users -= 1;
    if (file.users > 0) return;
    this.#files.delete(file.identity);
    close(file.descriptor, () => {});
  }

  #opened(identity: string, descriptor: number | "busy" | "changed"): void {
    const waiting = this.#waiting.get(identity) ?? [];
    this.#waiting.delete(identity);
    if (typeof descriptor === "string") {
      for (const done of waiting) done(descriptor);
      return;
    }
    const file: OpenFile = { descriptor, identity, users: waiting.length };
    this.#files.set(identity, file);
    for (const done of waiting) done(file);
  }
}

/** The file was found to be inside its folder; the same inode needs no second look. */
function openSame({ path, identity }: StoredFile, done: (descriptor: number | "busy" | "changed") => void): void {
  open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY, (error, descriptor) => {
    if (error !== null) {
      done(error.code === "EMFILE" || error.code === "ENFILE" ? "busy" : "changed");
      return;
    }
    fstat(descriptor, (failed, stats) => {
      if (failed === null && identityOf(stats) === identity) done(descriptor);
      else close(descriptor, () => done("changed"));
    });
  });
}
