import { messageOf } from "../src/base/mod.ts";
import { compileC } from "./build.ts";
import { HTTP_GENERATORS, type HttpGenerator } from "./http-generators.ts";
import { UNDER_WAY } from "./http-load.ts";
import {
  agreementTable,
  CLOSED_CASES,
  costTable,
  type GeneratorResult,
  judge,
  lateTable,
  loadHttpBars,
  loadHttpRemarks,
} from "./load-http-table.ts";
import {
  type Agreement,
  agreeOnCheapAnswers,
  agreeOnPages,
  type Lateness,
  PAUSE_MS,
  PER_SECOND,
  SLOW_EVERY,
  STALL_EVERY_MS,
  visitClosed,
  visitLate,
} from "./load-http-visits.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { makePages, preparePageServer, startPageServer } from "./page-server.ts";
import { isInstalled } from "./process.ts";
import { makeTlsFiles } from "./proxies.ts";
import { ready, visits } from "./rounds.ts";

/** Periods of the stalling server that a run measures: each stall has 1000 requests. */
const PERIODS = 3;
const SLOW_SECONDS = 10;
/** One that is right whether or not it corrects, and those that correct. */
const AT_SLOW_ANSWERS: readonly string[] = ["tenk", "wrk", "wrk2", "hey"];

export const LOAD_HTTP: Bench = {
  peers: HTTP_GENERATORS,
  prepare() {
    if (!isInstalled("wrk")) return "wrk is not installed (apt-get install wrk)";
    makePages();
    return makeTlsFiles() ?? preparePageServer("nginx") ?? compileC("stall-server");
  },
  async measure(options, log) {
    const { chosen, versions, skipped } = ready(HTTP_GENERATORS, options.only);
    const run = new Run(options, skipped, log);
    const results = new Map<string, GeneratorResult>(
      chosen.map(({ name }) => [name, { clear: [], TLS: [], stalled: [], slow: [] }]),
    );
    await run.closed(chosen, results);
    await run.late(chosen, "stalled", results);
    await run.late(
      chosen.filter(({ name }) => AT_SLOW_ANSWERS.includes(name)),
      "slow",
      results,
    );
    const agreements = await run.agreements();
    const stalled = judge(results, "stalled", run.secondsOf("stalled"));
    const slow = judge(results, "slow", run.secondsOf("slow"));
    const late = [lateTable("a server that stalls", stalled), lateTable("single slow answers", slow)];
    return {
      plan: `${UNDER_WAY} connections: 100 B from nginx for ${options.seconds} s a round ${roundsOf(options)}. Then, once, ${PER_SECOND} requests/s for ${run.secondsOf("stalled")} s from a server in C that stalls for ${PAUSE_MS} ms once in ${STALL_EVERY_MS / 1000} s, for ${run.secondsOf("slow")} s from one of which 1 in ${SLOW_EVERY} answers takes as long (wrk2: 10 s more, to calibrate), and wrk's command line for ${run.agreeSeconds} s`,
      outcome: { results, versions, skipped },
      table: costTable(results),
      further: [...late, agreementTable(agreements)],
      quoted: { file: "docs/load-http.md", tables: late },
      bars: loadHttpBars(results, stalled, agreements),
      remarks: loadHttpRemarks(results, agreements),
    };
  },
};

/** The three parts of one run. What fails is logged and skipped with its reason, and the run goes on. */
class Run {
  readonly #options: BenchOptions;
  readonly #skipped: Record<string, string>;
  readonly #log: (line: string) => void;

  constructor(options: BenchOptions, skipped: Record<string, string>, log: (line: string) => void) {
    this.#options = options;
    this.#skipped = skipped;
    this.#log = log;
  }

  secondsOf(lateness: Lateness): number {
    if (lateness === "slow") return this.#isQuick ? 2 : SLOW_SECONDS;
    return (STALL_EVERY_MS / 1000) * (this.#isQuick ? 1 : PERIODS);
  }

  get agreeSeconds(): number {
    return this.#isQuick ? 2 : 20;
  }

  get #isQuick(): boolean {
    return this.#options.seconds < 2;
  }

  async closed(chosen: readonly HttpGenerator[], results: ReadonlyMap<string, GeneratorResult>): Promise<void> {
    const server = await startPageServer("nginx", this.#options.pin ? 1 : undefined);
    try {
      for (const generator of visits(
        chosen.filter(({ isVariant }) => !isVariant),
        this.#options.rounds,
      )) {
        for (const { name, isTls } of CLOSED_CASES) {
          await this.#try(`${generator.name}, ${name}`, async () => {
            results.get(generator.name)![name].push(await visitClosed(generator, server, isTls, this.#options));
          });
        }
      }
    } finally {
      await server.stop();
    }
  }

  async late(
    chosen: readonly HttpGenerator[],
    lateness: Lateness,
    results: ReadonlyMap<string, GeneratorResult>,
  ): Promise<void> {
    for (const generator of chosen) {
      const seconds = this.secondsOf(lateness) + (generator.calibrationSeconds ?? 0);
      await this.#try(`${generator.name}, ${lateness}`, async () => {
        results.get(generator.name)![lateness].push(await visitLate(generator, lateness, seconds, this.#options));
      });
    }
  }

  async agreements(): Promise<Agreement[]> {
    const found: Agreement[] = [];
    for (const name of ["nginx", "caddy"] as const) {
      const reason = preparePageServer(name);
      if (reason !== undefined) this.#skipped[`${name}, -t 32`] = reason;
      else
        await this.#try(`${name}, -t 32`, async () => {
          found.push(await agreeOnPages(name, this.agreeSeconds, this.#options));
        });
    }
    await this.#try("C, -t 32", async () => {
      found.push(await agreeOnCheapAnswers(Math.min(5, this.agreeSeconds), this.#options));
    });
    return found;
  }

  async #try(name: string, work: () => Promise<void>): Promise<void> {
    this.#log(`${name} ...`);
    try {
      await work();
    } catch (error) {
      this.#skipped[name] = messageOf(error);
    }
  }
}
