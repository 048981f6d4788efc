import { setTimeout as wait } from "node:timers/promises";
import { Command, Option } from "commander";
import type { Status } from "../app/mod.ts";
import { systemCodeOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { instanceOption } from "./instance-request.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { fetchStatus } from "./status.ts";
import { stderr } from "./terminal.ts";
import { checkProgramFile, circumstancesOf, tryProgram } from "./upgrade-file.ts";
import { ProgramSwap } from "./upgrade-swap.ts";
import { fetchProgram, readVersionFile } from "./upgrade-version-file.ts";

const LOOK_MS = 200;
/** Above all times of an upgrade together but `upgrade.timeout`, which the instance obeys itself. */
const MAX_WAIT_MS = 3_600_000;
/** The dashboard moves to the other process within a moment. */
const SILENT_MS = 30_000;

export function upgradeCommand(exit: (code: number) => void): Command {
  return new Command("upgrade")
    .description("Replace the running tenk by a new version, or start it again, without a refused or reset connection.")
    .argument(
      "[file]",
      "the new executable, or a version file; without one the program that is installed now is started",
    )
    .addOption(instanceOption())
    .addOption(new Option("--can-take-over", "whether this program can: for the one that is there").hideHelp())
    .addHelpText("after", examples("tenk upgrade ./tenk-linux-x64", "tenk upgrade version.json", "tenk upgrade"))
    .action(async (file: string | undefined, options: UpgradeOptions) => exit(await runUpgrade(file, options)));
}

interface UpgradeOptions {
  url: URL;
  canTakeOver?: boolean;
}

async function runUpgrade(file: string | undefined, { url, canTakeOver }: UpgradeOptions): Promise<number> {
  if (canTakeOver) return EXIT.pass;
  const before = await fetchStatus(url);
  if (before.upgrade === undefined)
    throw new TenkError("unsupported", `tenk ${before.tenk} at ${url.href} cannot be upgraded while it runs`, {
      hint: "stop it, replace its file, start it",
    });
  requireLocal(before, url);
  if (before.upgrade.isUnderWay) throw new TenkError("usage", "An upgrade is under way already");
  if (file === undefined) return report(await handOver(before, url), before);
  if (!before.upgrade.isOneFile)
    throw new TenkError("usage", `${before.upgrade.program} runs tenk from its source: there is no file to replace`, {
      hint: "install the new version, then run tenk upgrade without a file",
    });
  const swap = new ProgramSwap(before.upgrade.program);
  try {
    await fill(swap, file);
    swap.prepare();
    checkProgramFile(swap.path);
    const version = tryProgram(swap.path, circumstancesOf(before.process.pid));
    stderr.line(`tenk ${version} runs here and likes the configuration`);
    swap.install();
  } catch (error) {
    swap.release();
    throw error;
  }
  const reason = await handOver(before, url).catch((error: unknown) => {
    swap.rollBack();
    throw error;
  });
  if (reason !== undefined) swap.rollBack();
  else stderr.line(`the program of before is ${swap.previous}`);
  return report(reason, before);
}

async function fill(swap: ProgramSwap, file: string): Promise<void> {
  const source = readVersionFile(file);
  if (source === undefined) {
    checkProgramFile(file);
    swap.copy(file);
    return;
  }
  stderr.line(`fetching tenk ${source.version} from ${source.from}`);
  await fetchProgram(source, swap.path);
}

/** @throws {TenkError} `usage` for an instance that this machine does not run */
function requireLocal({ process: { pid } }: Status, url: URL): void {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCodeOf(error) !== "EPERM")
      throw new TenkError("usage", `The tenk at ${url.href} does not run on this machine: no process ${pid}`);
    throw new TenkError("permission-denied", `Process ${pid} belongs to another user`, { hint: "run it as root" });
  }
}

/**
 * Has the instance start its program, and waits for what comes of it.
 *
 * @returns why it failed; undefined where another process serves
 * @throws {TenkError} `upgrade-failed` where nothing answers any more
 */
async function handOver(before: Status, url: URL): Promise<string | undefined> {
  const { pid } = before.process;
  const sinceMs = before.upgrade.last?.startedAtMs ?? 0;
  process.kill(pid, "SIGUSR2");
  stderr.line(`process ${pid} starts ${before.upgrade.program}`);
  let seenAtMs = performance.now();
  for (const endMs = performance.now() + MAX_WAIT_MS; performance.now() < endMs; await wait(LOOK_MS)) {
    const now = await fetchStatus(url, 2000).catch(() => undefined);
    if (now?.upgrade === undefined) {
      if (performance.now() - seenAtMs > SILENT_MS) break;
      continue;
    }
    seenAtMs = performance.now();
    const { last, isUnderWay } = now.upgrade;
    if (isUnderWay || last === null || last.startedAtMs <= sinceMs) {
      if (now.process.pid !== pid)
        return `process ${pid} ended, and process ${now.process.pid} was started by somebody else`;
      continue;
    }
    if (last.result === "failed") return last.reason ?? "it does not say why";
    stderr.line(`process ${now.process.pid} serves`);
    return undefined;
  }
  throw new TenkError("upgrade-failed", `Nothing answers at ${url.href} any more: see the log of tenk`);
}

function report(reason: string | undefined, { tenk }: Status): number {
  if (reason === undefined) {
    print("upgraded; open connections of the process before go on until they end, or upgrade.drain has passed");
    return EXIT.pass;
  }
  stderr.line(`upgrade failed, tenk ${tenk} goes on as before: ${reason}`);
  return EXIT.failed;
}
