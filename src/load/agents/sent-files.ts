import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize, relative } from "node:path";
import { fileProblemOf, formatBytes, TenkError } from "../../base/mod.ts";
import { moduleFiles } from "../../net/mod.ts";
import { type LoadPlan, refuse } from "../plan/mod.ts";
import { bytes, list, object, text } from "./check.ts";
import { malformed } from "./frame.ts";
import { MAX_PLAN_BYTES, type SentFile } from "./messages.ts";

const MAX_FILES = 1000;
const MAX_FILES_BYTES = 16 * 1024 * 1024;
/** Room for what frames the data of a plan. */
const FRAME_SLACK_BYTES = 1024 * 1024;

/** What a plan may name on the disk of the controller. */
interface WithFiles {
  readonly script?: { readonly file: string; readonly args: readonly string[] } | undefined;
  readonly ca?: string | undefined;
  readonly tls?: boolean | { readonly ca?: string };
  readonly files?: unknown;
}

/**
 * Returns a plan that needs no file of this machine: certificates become text, and a script goes along with what it imports from its own
 * folder. What a script reads while it runs, and packages, must be on the agents.
 *
 * @throws {TenkError} `usage` for what is too large; `file-unreadable`
 */
export function sendable<Plan extends LoadPlan>(plan: Plan): { plan: Plan; files: readonly SentFile[] } {
  const { script, ca, tls } = plan as WithFiles;
  const changed = {
    ...plan,
    ...(ca === undefined ? {} : { ca: pemText(ca) }),
    ...(typeof tls === "object" && tls.ca !== undefined ? { tls: { ...tls, ca: pemText(tls.ca) } } : {}),
  };
  const sum = dataBytes(plan);
  if (sum > MAX_PLAN_BYTES - MAX_FILES_BYTES - FRAME_SLACK_BYTES)
    refuse(`its data of ${formatBytes(sum)} is too much to be sent to agents`, "at most 47 MiB");
  if (script === undefined) return { plan: changed, files: [] };
  const folder = dirname(script.file);
  const files = moduleFiles(script.file).files.map((path) => ({
    path: relative(folder, path),
    bytes: contentOf(path),
  }));
  const size = files.reduce((total, file) => total + file.bytes.length, 0);
  if (files.length > MAX_FILES || size > MAX_FILES_BYTES)
    refuse(
      `a script of ${files.length} files with ${formatBytes(size)} is too much to be sent to agents`,
      "at most 16 MiB",
    );
  return { plan: { ...changed, script: { ...script, file: relative(folder, script.file) } }, files };
}

/** Bytes anywhere in a plan. */
function dataBytes(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  if (value instanceof Uint8Array) return value.length;
  const inner = value instanceof Map ? [...value.values()] : Object.values(value);
  return inner.reduce((sum: number, each) => sum + dataBytes(each), 0);
}

/** A certificate is given as text, or as the file that has it. */
function pemText(given: string): string {
  return given.includes("-----BEGIN ") ? given : Buffer.from(contentOf(given)).toString("latin1");
}

function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new TenkError("file-unreadable", `Cannot read ${path}: ${fileProblemOf(cause)}`, { cause });
  }
}

/** Files of a run on an agent, in a folder of its own that is removed at its end. */
export class ReceivedFiles implements Disposable {
  #folder: string | undefined;

  /** @throws {TenkError} for what is malformed, or leads out of the folder */
  constructor(given: unknown) {
    const files = list(given, MAX_FILES, "files").map((each) => {
      const { path, bytes: content } = object(each, "file");
      return { path: safePath(text(path, 1000, "path")), bytes: bytes(content, MAX_FILES_BYTES, "file") };
    });
    if (files.length === 0) return;
    this.#folder = mkdtempSync(join(tmpdir(), "tenk-agent-"));
    for (const { path, bytes: content } of files) {
      const file = join(this.#folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }

  /** Returns the plan with the places of its files on this machine. @throws {TenkError} */
  placed<Plan extends LoadPlan>(plan: Plan): Plan {
    const { script } = plan as WithFiles;
    if (script === undefined) return plan;
    const { file, args } = object(script, "script");
    if (this.#folder === undefined) throw malformed("a script without its file");
    const words = list(args, 10_000, "words").map((word) => text(word, 65_536, "word"));
    return { ...plan, script: { file: join(this.#folder, safePath(text(file, 1000, "script"))), args: words } };
  }

  [Symbol.dispose](): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

function safePath(path: string): string {
  const normal = normalize(path);
  if (path === "" || path.includes("\0") || normal.startsWith("/") || /^\.\.?(?:\/|$)/.test(normal))
    throw malformed("a path that leads out of its folder");
  return normal;
}
