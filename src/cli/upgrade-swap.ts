import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf, systemCodeOf, TenkError } from "../base/mod.ts";

/** The place where a new program waits until it replaces the installed one: in the same folder, so that a rename does it. */
export class ProgramSwap {
  readonly #installed: string;
  /** The new program, until it is installed. */
  readonly path: string;
  /** The program of before. */
  readonly previous: string;

  /**
   * Claims the place, so that two upgrades at a time do not mix.
   *
   * @throws {TenkError} `permission-denied`, or `usage` where another one is there
   */
  constructor(installed: string) {
    this.#installed = installed;
    this.path = `${installed}.new`;
    this.previous = `${installed}.previous`;
    try {
      closeSync(openSync(this.path, "wx", 0o700));
    } catch (error) {
      if (systemCodeOf(error) !== "EEXIST") throw this.#problem(error);
      throw new TenkError(
        "usage",
        `Cannot upgrade ${installed}: ${this.path} is there, as while another upgrade runs`,
        {
          hint: "remove it if none does",
        },
      );
    }
  }

  /** Copies a program there. @throws {TenkError} */
  copy(from: string): void {
    try {
      copyFileSync(from, this.path);
    } catch (error) {
      throw this.#problem(error);
    }
  }

  /** Gives the new program mode, owner and capabilities of the installed one, and what is in memory to the disk. @throws {TenkError} */
  prepare(): void {
    try {
      const { mode, uid, gid } = statSync(this.#installed);
      const now = statSync(this.path);
      if (now.uid !== uid || now.gid !== gid) chownSync(this.path, uid, gid);
      chmodSync(this.path, mode & 0o7777);
      this.#copyCapabilities();
      const descriptor = openSync(this.path, "r");
      fsyncSync(descriptor);
      closeSync(descriptor);
    } catch (error) {
      throw error instanceof TenkError ? error : this.#problem(error);
    }
  }

  /** Puts the new program in the place of the installed one, which stays as `.previous`. There is always one. @throws {TenkError} */
  install(): void {
    try {
      rmSync(this.previous, { force: true });
      try {
        linkSync(this.#installed, this.previous);
      } catch {
        // A file system without links.
        copyFileSync(this.#installed, this.previous, constants.COPYFILE_EXCL);
      }
      renameSync(this.path, this.#installed);
    } catch (error) {
      throw this.#problem(error);
    }
  }

  /** Puts the program of before back. @throws {TenkError} */
  rollBack(): void {
    try {
      renameSync(this.previous, this.#installed);
    } catch (error) {
      throw this.#problem(error);
    }
  }

  /** Gives the place up: what waits there and was not installed is removed. */
  release(): void {
    rmSync(this.path, { force: true });
  }

  /** `setcap cap_net_bind_service=+ep` holds for a file, not for its name. */
  #copyCapabilities(): void {
    const { stdout = "" } = spawnSync("getcap", [this.#installed], { encoding: "utf8" });
    const capabilities = /\s(cap_\S+)\s*$/.exec(stdout ?? "")?.[1];
    if (capabilities === undefined) return;
    const { status, stderr } = spawnSync("setcap", [capabilities, this.path], { encoding: "utf8" });
    if (status === 0) return;
    throw new TenkError("permission-denied", `Cannot give ${this.path} ${capabilities}: ${stderr?.trim()}`, {
      hint: "run it as root",
    });
  }

  #problem(error: unknown): TenkError {
    const folder = dirname(this.#installed);
    const code = systemCodeOf(error);
    if (code === "ENOSPC" || code === "EDQUOT")
      return new TenkError("usage", `Cannot upgrade ${this.#installed}: the disk of ${folder} is full`, {
        hint: "the new program needs its size there; nothing has changed",
      });
    if (code === "EACCES" || code === "EPERM" || code === "EROFS")
      return new TenkError("permission-denied", `Cannot upgrade ${this.#installed}: cannot write into ${folder}`, {
        hint: code === "EROFS" ? "its file system is read-only" : "run it as root, or as the owner",
      });
    return new TenkError("usage", `Cannot upgrade ${this.#installed}: ${messageOf(error)}`);
  }
}
