import { lstatSync, readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { z } from "zod";
import { type Log, messageOf } from "../../base/mod.ts";
import { digestOf } from "./secrets.ts";

/** A session in the file, without the secret that logs in. */
export interface KeptSession {
  /** Of the cookie's secret. */
  readonly digest: string;
  /** ms since 1970 */
  readonly begunAt: number;
}

const MAX_BYTES = 65_536;
const FILE = z.strictObject({
  /** Digest of the token and the password's hash when the sessions began. */
  credentials: z.string(),
  sessions: z.array(z.strictObject({ digest: z.string().regex(/^[\w+/]{43}=$/), begunAt: z.number() })).max(1000),
});

/**
 * Keeps sessions in a file of mode 0600. Writes in the background, one at a time and always the latest state, so that a slow disk
 * delays no request. A failed write is logged once; the sessions then end with the process.
 */
export class SessionFile {
  readonly #file: string;
  readonly #log: Log;
  #next: string | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #isFrozen = false;

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /**
   * Reads the sessions of these credentials: none when the file has those of others, or when others could read or write it.
   *
   * @returns undefined when there is no file
   */
  read(credentials: string): readonly KeptSession[] | undefined {
    try {
      const found = lstatSync(this.#file, { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      if (!found.isFile() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0 || found.size > MAX_BYTES) {
        this.#log.warn("sessions not read, everybody logs in again", {
          file: this.#file,
          why: "expected a file of ours, mode 0600",
        });
        return [];
      }
      const kept = FILE.parse(JSON.parse(readFileSync(this.#file, "utf8")));
      return kept.credentials === credentials ? kept.sessions : [];
    } catch (error) {
      const why =
        error instanceof SyntaxError || error instanceof z.ZodError ? "it is no list of sessions" : messageOf(error);
      this.#log.warn("sessions not read, everybody logs in again", { file: this.#file, why });
      return [];
    }
  }

  /** Writes what there is, and nothing more until `thaw`: another process has the file. */
  async freeze(): Promise<void> {
    this.#isFrozen = true;
    await this.settled();
  }

  thaw(): void {
    this.#isFrozen = false;
  }

  write(credentials: string, sessions: readonly KeptSession[]): void {
    if (this.#isFrozen) return;
    this.#next = `${JSON.stringify({ credentials, sessions })}\n`;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when the last write has succeeded or failed. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#next !== undefined) {
      const text = this.#next;
      this.#next = undefined;
      try {
        await replaceFile(this.#file, text);
        this.#hasFailed = false;
      } catch (error) {
        if (!this.#hasFailed)
          this.#log.warn("sessions not kept, they end with the process", { file: this.#file, error: messageOf(error) });
        this.#hasFailed = true;
      }
    }
  }
}

/** Identifies the credentials without revealing them: the token alone has 256 bits. */
export function credentialsDigest(token: string, passwordHash: string | undefined): string {
  return digestOf(`${token}\n${passwordHash ?? ""}`).toString("base64");
}

/** Replaces a file atomically, also when the power fails. */
async function replaceFile(file: string, text: string): Promise<void> {
  const beside = `${file}.new`;
  try {
    await rm(beside, { force: true });
    const handle = await open(beside, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
