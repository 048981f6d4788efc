import { setTimeout as wait } from "node:timers/promises";
import { Command } from "commander";
import type { Status } from "../app/mod.ts";
import { messageOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { credentials, instanceOption } from "./instance-request.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { RecentSeries } from "./recent-series.ts";
import { type StatusSample, statusText } from "./status-text.ts";
import { type Stopper, stopper } from "./stopper.ts";
import { shortened } from "./table.ts";
import { canDraw, paintsFor } from "./terminal.ts";

export function statusCommand(exit: (code: number) => void): Command {
  return new Command("status")
    .description("Show what a running tenk serves, on which ports, and how it is doing.")
    .addOption(instanceOption())
    .option("--json", "print as JSON")
    .option("--watch", "redraw it every second, until Ctrl-C")
    .addHelpText(
      "after",
      examples("tenk status", "tenk status --watch", "tenk status --url http://192.0.2.7:9190 --json"),
    )
    .action(async (options: StatusOptions) => exit(await runStatus(options)));
}

interface StatusOptions {
  url: URL;
  json?: boolean;
  watch?: boolean;
}

async function runStatus({ url, json, watch }: StatusOptions): Promise<number> {
  if (watch) return watchStatus(url, json ?? false);
  const seen = await look(url);
  print(json ? JSON.stringify(seen.status, null, 2) : statusText(seen, undefined, paintsFor(process.stdout)));
  return EXIT.pass;
}

async function look(url: URL): Promise<StatusSample> {
  const status = await fetchStatus(url);
  return { status, atMs: Date.now() };
}

/** Escape codes of the alternate screen, which keeps the shell's one as it was. */
const SCREEN = {
  enter: "\x1b[?1049h\x1b[?25l",
  leave: "\x1b[?25h\x1b[?1049l",
  home: "\x1b[H",
  clearEnd: "\x1b[J",
} as const;

/** @throws {TenkError} `usage` without a terminal */
async function watchStatus(url: URL, json: boolean): Promise<number> {
  if (json || !canDraw(process.stdout)) {
    throw new TenkError("usage", "--watch draws on a terminal", { hint: "without it the status is printed once" });
  }
  // Requested before the screen changes, so that the error of an unreachable instance stays visible.
  let before = await look(url);
  const recent = new RecentSeries(url);
  using stop = stopper();
  process.stdout.write(SCREEN.enter);
  try {
    draw(before, undefined, recent);
    while (await aSecond(stop)) {
      const [now] = await Promise.all([look(url), recent.refresh(Date.now())]);
      draw(now, before, recent);
      before = now;
    }
  } finally {
    process.stdout.write(SCREEN.leave);
  }
  return EXIT.pass;
}

/** Waits a second. @returns false when it is to end instead */
async function aSecond({ signal }: Stopper): Promise<boolean> {
  await wait(1000, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

/** Redraws without flicker: each line clears what was behind it. */
function draw(now: StatusSample, before: StatusSample | undefined, recent: RecentSeries): void {
  // A terminal that does not know its size says 0.
  const columns = process.stdout.columns || 80;
  const lines = statusText(now, before, paintsFor(process.stdout), columns, recent).split("\n");
  const cut = lines.slice(0, (process.stdout.rows || 24) - 1).map((line) => shortened(line, columns));
  process.stdout.write(`${SCREEN.home}${cut.map((line) => `${line}\x1b[K\n`).join("")}${SCREEN.clearEnd}`);
}

/**
 * Requests the status of an instance.
 *
 * @throws {TenkError} `connect-failed` when nothing answers there, or something that is not tenk
 */
export async function fetchStatus(url: URL, timeoutMs = 5000): Promise<Status> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(new URL("api/status", url), { signal, headers: credentials() });
    const status = response.ok ? ((await response.json()) as Partial<Status>) : undefined;
    if (status && typeof status.tenk === "string" && typeof status.parts === "object") return status as Status;
    if (response.status === 401) throw new Error("it needs its token, in the environment as TENK_TOKEN");
    throw new Error(`it answered ${response.status}, not as tenk does`);
  } catch (error) {
    const isRefused = ["ECONNREFUSED", "ConnectionRefused"].includes(String((error as { code?: unknown }).code));
    const why = isRefused ? "nothing listens there" : messageOf(error);
    throw new TenkError("connect-failed", `Cannot ask ${url.href} for its status: ${why}`, {
      cause: error,
      hint: "is tenk up running, and this its dashboard address?",
    });
  }
}
