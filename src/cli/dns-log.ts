import { setTimeout as wait } from "node:timers/promises";
import { Command } from "commander";
import { formatDuration, parseCount, parseDuration, TenkError } from "../base/mod.ts";
import type { LoggedQuery, QueryLogAnswer } from "../dash/mod.ts";
import { EXIT } from "./failure.ts";
import { askInstance, instanceOption } from "./instance-request.ts";
import { examples, valueOption } from "./options.ts";
import { print } from "./output.ts";
import { visibleText } from "./report-rows.ts";
import { type Stopper, stopper } from "./stopper.ts";
import { type Paints, paintsFor } from "./terminal.ts";

/** Entries of one request. */
const PAGE = 1000;
/** How long a request for new entries waits for one. */
const WAIT_MS = 5000;
const TIMEOUT_MS = 30_000;
const QUESTION = "its query log";
const WIDTHS = { client: 15, type: 5, verdict: 9 } as const;

interface LogOptions {
  readonly url: URL;
  readonly follow?: boolean;
  readonly client?: string;
  readonly name?: string;
  readonly blocked?: boolean;
  readonly verdict?: string;
  readonly since?: number;
  readonly lines: number;
  readonly json?: boolean;
}

export function dnsLogCommand(exit: (code: number) => void): Command {
  return new Command("log")
    .description("The last queries, the oldest first: when, who, what, and what became of it.")
    .option("-f, --follow", "go on with new ones, until Ctrl-C")
    .addOption(valueOption("-n, --lines <n>", "how many", parseLines).default(20))
    .option("--client <client>", "only of this address, or of clients with this part in their name")
    .option("--name <part>", "only names with this part")
    .option("--blocked", "only what was blocked")
    .option("--verdict <verdicts>", "only with these verdicts: forwarded,failed")
    .addOption(valueOption("--since <duration>", "only of the last 10m", parseDuration))
    .addOption(instanceOption())
    .option("--json", "print each as a line of JSON")
    .addHelpText(
      "after",
      examples(
        "tenk dns log -f",
        "tenk dns log --client lisa --blocked -n 100",
        "tenk dns log --name doubleclick --json",
      ),
    )
    .action(async (options: LogOptions) => exit(await runLog(options)));
}

async function runLog(options: LogOptions): Promise<number> {
  const paints = paintsFor(process.stdout);
  const show = (entries: readonly LoggedQuery[]) => {
    for (const entry of entries) print(options.json ? JSON.stringify(entry) : queryLine(entry, paints));
  };
  using stop = stopper();
  // Asked first, so that nothing falls between the two.
  const { last } = await askInstance<Newer>(options.url, "api/dns/log/since", { what: QUESTION });
  const entries = await lastEntries(options);
  show(entries);
  if (options.follow) await follow(options, Math.max(last, entries.at(-1)?.id ?? 0), show, stop);
  return EXIT.pass;
}

interface Newer {
  readonly entries: readonly LoggedQuery[];
  readonly last: number;
}

function filterOf({ client, name, blocked, verdict }: LogOptions) {
  if (blocked && verdict !== undefined) throw new TenkError("usage", "--blocked and --verdict exclude each other");
  return { client, name, verdict: blocked ? "blocked" : verdict };
}

/** Returns the last entries, the oldest first. */
async function lastEntries(options: LogOptions): Promise<LoggedQuery[]> {
  const { url, lines, since } = options;
  const entries: LoggedQuery[] = [];
  const from = since === undefined ? undefined : Date.now() - since;
  for (let before: number | null | undefined; entries.length < lines && before !== null; ) {
    const query = { ...filterOf(options), from, before, limit: Math.min(PAGE, lines - entries.length) };
    const page: QueryLogAnswer = await askInstance(url, "api/dns/log", {
      what: QUESTION,
      query,
      timeoutMs: TIMEOUT_MS,
    });
    entries.push(...page.entries);
    before = page.before;
  }
  return entries.reverse();
}

async function follow(
  options: LogOptions,
  first: number,
  show: (entries: readonly LoggedQuery[]) => void,
  { signal }: Stopper,
): Promise<void> {
  for (let after = first; !signal.aborted; ) {
    const query = { ...filterOf(options), after, wait: WAIT_MS, limit: PAGE };
    const began = performance.now();
    const asked = { what: QUESTION, query, timeoutMs: WAIT_MS + TIMEOUT_MS, signal };
    const newer = await askInstance<Newer>(options.url, "api/dns/log/since", asked).catch((error) => {
      if (signal.aborted) return { entries: [], last: after };
      throw error;
    });
    show(newer.entries);
    // An instance with many streams answers at once.
    const isHasty = newer.entries.length === 0 && performance.now() - began < WAIT_MS / 2;
    if (isHasty) await wait(1000, undefined, { signal }).catch(() => undefined);
    after = newer.last;
  }
}

/**
 * Formats a query as a line. Nothing of a client or a list reaches the terminal unescaped.
 *
 * @example
 * "12:00:01  lisas-phone      A      blocked    ads.example.org  stevenblack: ads.example.org"
 */
export function queryLine(query: LoggedQuery, { dim, red, yellow, green }: Paints): string {
  const verdict = query.stale ? "stale" : query.verdict;
  const paint = verdict === "blocked" ? red : ["failed", "refused", "malformed"].includes(verdict) ? yellow : green;
  const cells = [
    dim(timeText(query.time)),
    visibleText(query.clientName ?? query.client ?? "-").padEnd(WIDTHS.client),
    query.type.padEnd(WIDTHS.type),
    paint(verdict.padEnd(WIDTHS.verdict)),
    visibleText(query.name ?? "-"),
    dim(visibleText(detailsOf(query).join(" "))),
  ];
  return cells.join("  ").trimEnd();
}

function detailsOf({ verdict, rcode, upstream, latencyMs, lists, rule, transport }: LoggedQuery): string[] {
  const why = lists.length === 0 ? [] : [`${lists.join(", ")}${rule === null ? "" : `: ${rule}`}`];
  return [
    ...(rcode === "NOERROR" || verdict === "blocked" ? [] : [rcode]),
    ...(verdict === "blocked" || verdict === "rewritten" ? why : []),
    ...(upstream === null ? [] : [upstream]),
    ...(latencyMs === null ? [] : [formatDuration(latencyMs)]),
    ...(transport === "udp" ? [] : [transport]),
  ];
}

/** The time of today, and the date of another day. */
function timeText(atMs: number, nowMs = Date.now()): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const at = new Date(atMs);
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  if (at.toDateString() === new Date(nowMs).toDateString()) return clock;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

function parseLines(text: string): number {
  const count = parseCount(text);
  if (count >= 0 && count <= 1_000_000) return count;
  throw new TenkError("usage", `Cannot use "${text}": expected 0 to 1000000`);
}
