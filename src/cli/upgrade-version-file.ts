import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { messageOf, TenkError } from "../base/mod.ts";

/** Larger ones are programs. */
const MAX_TEXT_BYTES = 65_536;
const MAX_PROGRAM_BYTES = 512 * 1024 * 1024;
const DOWNLOAD_TIMEOUT_MS = 600_000;

const SOURCE = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).optional(),
    file: z.string().min(1).optional(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/i, "expected 64 hexadecimal digits"),
  })
  .refine(({ url, file }) => (url === undefined) !== (file === undefined), "expected either url or file");

/** A version file: which program to upgrade to on each processor, and its digest. */
const VERSION_FILE = z.strictObject({ version: z.string().min(1).max(100), files: z.record(z.string(), SOURCE) });

export interface ProgramSource {
  readonly version: string;
  /** A URL, or the path of a file. */
  readonly from: string;
  readonly isUrl: boolean;
  readonly sha256: string;
}

/**
 * Reads a version file.
 *
 * @returns undefined where the file is something else, such as a program
 * @throws {TenkError} `usage` what is wrong with it, or that it has no program for this processor
 */
export function readVersionFile(path: string, arch: string = process.arch): ProgramSource | undefined {
  if (!(statSync(path, { throwIfNoEntry: false })?.isFile() ?? false) || statSync(path).size > MAX_TEXT_BYTES)
    return undefined;
  const text = readFileSync(path, "utf8");
  if (!/^\s*\{/.test(text)) return undefined;
  const wrong = (why: string) => new TenkError("usage", `Cannot use the version file ${path}: ${why}`);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw wrong(messageOf(error));
  }
  const { data, error } = VERSION_FILE.safeParse(given);
  if (data === undefined) {
    const { path: at = [], message = "" } = error?.issues[0] ?? {};
    throw wrong(`${at.join(".")}${at.length > 0 ? ": " : ""}${message}`);
  }
  const source = data.files[arch];
  if (source === undefined)
    throw wrong(`it has no file for ${arch}, only for ${Object.keys(data.files).join(", ") || "none"}`);
  const { url, file = "", sha256 } = source;
  const from = url ?? resolve(dirname(path), file);
  return { version: data.version, from, isUrl: url !== undefined, sha256: sha256.toLowerCase() };
}

/**
 * Copies the program to a path, and checks its digest while it comes.
 *
 * @throws {TenkError} `request-failed`, `usage` for another digest; the system's error where it cannot be written
 */
export async function fetchProgram({ from, isUrl, sha256 }: ProgramSource, to: string): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(bytes > MAX_PROGRAM_BYTES ? new TenkError("request-failed", `${from} is larger than 512 MiB`) : null, chunk);
    },
  });
  const source = isUrl ? await download(from) : createReadStream(from);
  await pipeline(source, counted, createWriteStream(to, { mode: 0o700, flags: "w", flush: true }));
  const found = hash.digest("hex");
  if (found !== sha256)
    throw new TenkError(
      "usage",
      `${from} is not what the version file names: its SHA-256 is ${found}, expected ${sha256}`,
    );
}

async function download(url: string): Promise<Readable> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (response.ok && response.body !== null) return Readable.fromWeb(response.body as never);
    throw new Error(`its server answered ${response.status}`);
  } catch (error) {
    throw new TenkError("request-failed", `Cannot download ${url}: ${messageOf(error)}`, { cause: error });
  }
}
