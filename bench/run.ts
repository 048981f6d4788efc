import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, TenkError } from "../src/base/mod.ts";
import { type Bar, barTable, verdictOf } from "./bars.ts";
import { GENERATORS, generatorBars, generatorRemarks, generatorTable, visitGenerator } from "./load.ts";
import { machine } from "./machine.ts";
import { type BenchOptions, HELP, parseOptions, swallowedByNpm } from "./options.ts";
import { compileC, PEERS } from "./peers.ts";
import { type Rounds, visits } from "./rounds.ts";
import { asMarkdown, asText, replaceBetween, type Table } from "./table.ts";
import { serverBars, serverRemarks, serverTable, visitServer } from "./tcp.ts";

interface Measured {
  readonly name: string;
  prepare(): string | undefined;
  version(): string;
}

interface Outcome<Round> {
  readonly rounds: Rounds<Round>;
  readonly versions: Record<string, string>;
  readonly skipped: Record<string, string>;
}

/** Visits all that can run, in turn; what cannot is skipped by name. One failed visit does not end the run. */
async function visitAll<Each extends Measured, Round>(
  all: readonly Each[],
  options: BenchOptions,
  visit: (each: Each, options: BenchOptions) => Promise<Round>,
): Promise<Outcome<Round>> {
  const rounds = new Map<string, Round[]>();
  const versions: Record<string, string> = {};
  const skipped: Record<string, string> = {};
  const wanted = all.filter((each) => options.only.length === 0 || options.only.includes(each.name));
  const ready = wanted.filter((each) => {
    const reason = each.prepare();
    if (reason === undefined) versions[each.name] = each.version();
    else skipped[each.name] = reason;
    return reason === undefined;
  });
  for (const each of visits(ready, options.rounds)) {
    console.error(`${each.name} ...`);
    try {
      const round = await visit(each, options);
      rounds.set(each.name, [...(rounds.get(each.name) ?? []), round]);
    } catch (error) {
      skipped[each.name] = messageOf(error);
    }
  }
  // In the order of the list, not of the visits.
  const sorted = new Map(ready.flatMap(({ name }) => (rounds.has(name) ? [[name, rounds.get(name)!] as const] : [])));
  return { rounds: sorted, versions, skipped };
}

async function bench(options: BenchOptions): Promise<void> {
  for (const name of ["sink-epoll", "sender-epoll"]) {
    const reason = compileC(name);
    if (reason !== undefined) throw new TenkError("usage", `Cannot build bench/peers/${name}.c: ${reason}`);
  }
  if (options.bench === "tcp") {
    const outcome = await visitAll(PEERS, options, visitServer);
    tell(
      options,
      outcome,
      serverTable(outcome.rounds),
      serverBars(outcome.rounds),
      serverRemarks(outcome.rounds, options),
    );
  } else {
    const outcome = await visitAll(GENERATORS, options, visitGenerator);
    tell(
      options,
      outcome,
      generatorTable(outcome.rounds),
      generatorBars(outcome.rounds),
      generatorRemarks(outcome.rounds, options),
    );
  }
}

function tell(
  options: BenchOptions,
  outcome: Outcome<unknown>,
  table: Table,
  bars: readonly Bar[],
  remarks: readonly string[],
): void {
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join("\n");
  const versions = Object.entries(outcome.versions).map(([name, version]) => `${name}: ${version}`);
  const skipped = Object.entries(outcome.skipped).map(([name, reason]) => `${name} skipped: ${reason}`);
  const page = (print: (table: Table) => string) =>
    [
      ...[`${planOf(options)}.`, `${machine()}.`, print(table), print(barTable(bars))],
      ...[list(versions), list([...skipped, ...remarks])],
    ]
      .filter(Boolean)
      .join("\n\n");
  console.log(page(options.markdown ? asMarkdown : asText));
  if (options.readme) {
    const file = join(import.meta.dirname, "README.md");
    writeFileSync(file, replaceBetween(readFileSync(file, "utf8"), options.bench, page(asMarkdown)));
  }
  if (options.json === undefined) return;
  const result = {
    ...{ bench: options.bench, plan: planOf(options), machine: machine(), versions: outcome.versions },
    ...{ skipped: outcome.skipped, remarks, rounds: Object.fromEntries(outcome.rounds) },
    bars: bars.map((bar) => ({ ...bar, verdict: verdictOf(bar) })),
  };
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
}

function planOf({ connections, perSecond, size, seconds, rounds, warmUpSeconds, pin }: BenchOptions): string {
  const where = pin ? "the measured side and its counterpart on a processor each" : "not pinned";
  const load = `${connections} connections x ${perSecond} messages/s of ${size} B`;
  return `${load} for ${seconds} s after ${warmUpSeconds} s of warm-up, ${rounds} round(s), ${where}`;
}

try {
  const swallowed = swallowedByNpm(process.env);
  if (swallowed !== undefined) {
    throw new TenkError("usage", `npm took ${swallowed} for itself`, { hint: "npm run bench tcp -- --quick" });
  }
  const names = { tcp: PEERS.map((peer) => peer.name), load: GENERATORS.map((generator) => generator.name) };
  const options = parseOptions(process.argv.slice(2), names);
  if (options === undefined) console.log(HELP);
  else await bench(options);
} catch (error) {
  console.error(`bench: ${messageOf(error)}${error instanceof TenkError && error.hint ? `\n  ${error.hint}` : ""}`);
  process.exitCode = error instanceof TenkError ? 2 : 1;
}
