import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type Log, messageOf, systemCodeOf, TenkError } from "../../base/mod.ts";
import { newSecret } from "./secrets.ts";

/** The token that authorizes everything. */
export interface Token {
  readonly text: string;
  /** It was made just now and nobody knows it yet. */
  readonly isNew: boolean;
  /** Undefined when it could not be written: then it ends with the process. */
  readonly file: string | undefined;
}

const SHAPE = /^[A-Za-z0-9_-]{43}$/;

/**
 * Reads the token of a data folder, or makes a new one. A token file that others can read is replaced, since they may have read
 * it. When the folder cannot be written, the token is in memory, and a warning is logged.
 */
export function openToken(folder: string, log: Log): Token {
  const file = join(folder, "token");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    requirePrivateFolder(folder);
    const known = readToken(file);
    if (known.text !== undefined) return { text: known.text, isNew: false, file };
    if (known.why !== undefined) {
      log.warn("token replaced", { file, why: known.why });
      rmSync(file, { force: true });
    }
    const text = writeToken(folder, file);
    return { text, isNew: true, file };
  } catch (error) {
    log.warn("token not kept, it changes with every start", { file, error: messageOf(error) });
    return { text: newSecret(), isNew: true, file: undefined };
  }
}

/**
 * Reads the token of a data folder, for another program of the same user, or for root, whose service may run as a user that owns the
 * folder; undefined when there is none, or none that can be trusted. Never throws.
 */
export function findToken(folder: string): string | undefined {
  try {
    const isRoot = process.getuid?.() === 0;
    return readToken(join(folder, "token"), isRoot ? [0, statSync(folder).uid] : undefined).text;
  } catch {
    return undefined;
  }
}

/** Who can write into the folder could put a token of their own there. */
function requirePrivateFolder(folder: string): void {
  const { mode, uid } = statSync(folder);
  const isOurs = uid === process.getuid?.() || uid === 0;
  if (isOurs && (mode & 0o022) === 0) return;
  throw new TenkError("permission-denied", `others may write into ${folder}: expected mode 0700`);
}

function readToken(file: string, owners = [process.getuid?.()]): { text?: string; why?: string } {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return {};
  if (!found.isFile()) return { why: "it is no plain file" };
  if (!owners.includes(found.uid)) return { why: "it belongs to somebody else" };
  const mode = found.mode & 0o777;
  if ((mode & 0o077) !== 0) return { why: `others could read it (mode 0${mode.toString(8)})` };
  const text = readFileSync(file, "latin1").trim();
  return SHAPE.test(text) ? { text } : { why: "it holds no token" };
}

/** Writes a temporary file and links it: nobody sees a part of it, and of two programs the first one wins. */
function writeToken(folder: string, file: string): string {
  const text = newSecret();
  const beside = join(folder, `.token-${process.pid}-${newSecret().slice(0, 8)}`);
  const descriptor = openSync(beside, "wx", 0o600);
  try {
    writeSync(descriptor, `${text}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(beside, file);
    return text;
  } catch (error) {
    const first = systemCodeOf(error) === "EEXIST" ? readToken(file).text : undefined;
    if (first === undefined) throw error;
    return first;
  } finally {
    rmSync(beside, { force: true });
  }
}
