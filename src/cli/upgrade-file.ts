import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { fileProblemOf, TenkError } from "../base/mod.ts";

/** Machines of ELF files (e_machine) by the names that the runtime has for them. */
const MACHINES: Readonly<Record<number, string>> = { 62: "x64", 183: "arm64" };
/** Variables by which whoever started the instance talks to it. */
const OF_ITS_START = /^(TENK_UPGRADE|NODE_CHANNEL_\w+|NOTIFY_SOCKET|WATCHDOG_\w+|LISTEN_\w+)=/;
const HEADER_BYTES = 64;
const RUN_TIMEOUT_MS = 20_000;

/**
 * Checks that a file is a whole program for this machine, as far as its head tells (ELF, 64 bits, little endian).
 *
 * @throws {TenkError} `usage` what it is instead
 */
export function checkProgramFile(file: string, arch: string = process.arch): void {
  const { head, size } = headOf(file);
  const wrong = (what: string) => new TenkError("usage", `Cannot upgrade to ${file}: ${what}`);
  if (size === 0) throw wrong("it is empty");
  if (head.toString("latin1", 0, 4) !== "\x7fELF" || head[4] !== 2 || head[5] !== 1)
    throw wrong("expected an executable of tenk, found another kind of file");
  if (head.length < HEADER_BYTES) throw wrong(`it is cut off after ${size} bytes`);
  const machine = MACHINES[head.readUInt16LE(18)] ?? `a processor of number ${head.readUInt16LE(18)}`;
  if (machine !== arch) throw wrong(`it is for ${machine}, and this machine is ${arch}`);
  // The table of sections is the end of the file.
  const end = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
  if (end > size) throw wrong(`it is cut off: it has ${size} bytes of ${end}. Download it again`);
}

/**
 * Checks that a program runs here, is tenk, can take over, and likes a configuration.
 *
 * @param circumstances those of the running instance
 * @returns its version
 * @throws {TenkError} `usage` what is wrong
 */
export function tryProgram(file: string, { config, cwd, env }: Circumstances): string {
  const cannot = (why: string) => new TenkError("usage", `Cannot upgrade to ${file}: ${why}`);
  const run = (...words: string[]) =>
    spawnSync(file, words, { encoding: "utf8", timeout: RUN_TIMEOUT_MS, killSignal: "SIGKILL", cwd, env });
  const { status, stdout, stderr, error, signal } = run("--version");
  if (error !== undefined || status !== 0) {
    const how = signal === null ? `code ${status}` : signal;
    throw cannot(`it does not run here: ${stderr?.trim().split("\n").at(-1) || (error?.message ?? how)}`);
  }
  const version = /^(?:tenk )?(\d+\.\d+\.\d+\S*)/.exec(stdout.trim())?.[1];
  if (version === undefined) throw cannot(`it is not tenk: it says its version is ${stdout.trim().slice(0, 100)}`);
  const supported = run("upgrade", "--can-take-over");
  if (supported.status !== 0)
    throw cannot(`version ${version} cannot take over from a running one: stop tenk, then start it`);
  if (config !== undefined) {
    const checked = run("check", "--config", config);
    if (checked.status !== 0) {
      const said = checked.stderr?.trim() || `it ended with ${checked.status ?? checked.signal}`;
      throw cannot(`version ${version} does not like ${config}: ${said.replace(/^tenk: /, "")}`);
    }
  }
  return version;
}

/** Of a running instance: what a new program is tried with. */
export interface Circumstances {
  /** Its configuration file, as its command line names it; undefined where it names none. */
  readonly config: string | undefined;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** Returns those of a process of this machine, as far as this user may know them. */
export function circumstancesOf(pid: number): Circumstances {
  const words = attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")) ?? [];
  const at = words.indexOf("--config");
  const config =
    at >= 0 ? words[at + 1] : words.find((word) => word.startsWith("--config="))?.slice("--config=".length);
  const pairs = attempt(() => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean));
  const own = pairs?.filter((pair) => !OF_ITS_START.test(pair));
  const env = own && Object.fromEntries(own.map((pair) => [pair.replace(/=.*/s, ""), pair.replace(/^[^=]*=/, "")]));
  return { config, cwd: attempt(() => readlinkSync(`/proc/${pid}/cwd`)), env };
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    // Of another user.
    return undefined;
  }
}

function headOf(file: string): { readonly head: Buffer; readonly size: number } {
  try {
    const descriptor = openSync(file, "r");
    try {
      const info = fstatSync(descriptor);
      if (!info.isFile()) throw new TenkError("usage", `Cannot upgrade to ${file}: expected a file`);
      const head = Buffer.alloc(HEADER_BYTES);
      return { head: head.subarray(0, readSync(descriptor, head, 0, HEADER_BYTES, 0)), size: info.size };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof TenkError) throw error;
    throw new TenkError("file-unreadable", `Cannot read ${file}: ${fileProblemOf(error)}`);
  }
}
