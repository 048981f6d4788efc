import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, TenkError } from "../src/base/mod.ts";
import { type Bar, barTable, verdictOf } from "./bars.ts";
import { GENERATORS, generatorBars, generatorRemarks, generatorTable, measureGenerators } from "./load.ts";
import { machine } from "./machine.ts";
import { type BenchOptions, HELP, parseOptions, swallowedByNpm } from "./options.ts";
import { compileC, PEERS } from "./peers.ts";
import type { Outcome } from "./rounds.ts";
import { asMarkdown, asText, replaceBetween, type Table } from "./table.ts";
import { measureServers, serverBars, serverRemarks, serverTable } from "./tcp.ts";

async function bench(options: BenchOptions): Promise<void> {
  for (const name of ["sink-epoll", "sender-epoll"]) {
    const reason = compileC(name);
    if (reason !== undefined) throw new TenkError("usage", `Cannot build bench/peers/${name}.c: ${reason}`);
  }
  if (options.bench === "tcp") {
    const outcome = await measureServers(PEERS, options, console.error);
    const { results } = outcome;
    tell(options, outcome, serverTable(results), serverBars(results), serverRemarks(results, options));
  } else {
    const outcome = await measureGenerators(GENERATORS, options, console.error);
    const { results } = outcome;
    tell(options, outcome, generatorTable(results), generatorBars(results), generatorRemarks(results, options));
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
    ...{ skipped: outcome.skipped, remarks, results: Object.fromEntries(outcome.results) },
    bars: bars.map((bar) => ({ ...bar, verdict: verdictOf(bar) })),
  };
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
}

function planOf({ connections, perSecond, size, seconds, rounds, warmUpSeconds, pin }: BenchOptions): string {
  const where = pin ? "the measured side and its counterpart on a processor each" : "not pinned";
  const load = `${connections} connections x ${perSecond} messages/s of ${size} B`;
  return `${load} for ${seconds} s a round after ${warmUpSeconds} s of warm-up, ${rounds} rounds, ${where}`;
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
