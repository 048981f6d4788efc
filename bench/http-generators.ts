import { existsSync } from "node:fs";
import { buildGo, installCrate, peerFile, product, tenkCommand, tenkVersion } from "./build.ts";
import { fromHeyCsv, fromJsonLine, fromOha, fromTenk, fromWrk2, type Told } from "./generator-output.ts";
import { UNDER_WAY } from "./http-load.ts";
import { isInstalled, versionOf } from "./process.ts";
import type { Measured } from "./rounds.ts";

const OHA = "1.16.0";
/** Beyond what anything answers: wrk2 has no closed model. */
const NO_LIMIT = 1_000_000;

/** What a generator is asked for: `UNDER_WAY` connections, and a rate in all unless it is to be as fast as answers come. */
export interface Asked {
  readonly url: string;
  readonly seconds: number;
  readonly perSecond?: number;
}

/** A load generator for HTTP. */
export interface HttpGenerator extends Measured {
  /** Latencies count from planned moments; else from when a request was sent, or as the generator makes up for that. */
  readonly isOpen: boolean;
  /** It measures only after so many seconds. @default {0} */
  readonly calibrationSeconds?: number;
  /** Only latencies: it is another one's program with another option. @default {false} */
  readonly isVariant?: boolean;
  command(asked: Asked): string[];
  /** Reads its latencies from the lines that it printed. */
  read(lines: readonly string[]): Told;
}

export const HTTP_GENERATORS: readonly HttpGenerator[] = [
  tenk("tenk", true),
  { ...tenk("tenk-closed", false), isVariant: true },
  {
    ...{ name: "wrk", isOpen: false },
    prepare: () => (isInstalled("wrk") ? undefined : "wrk is not installed (apt-get install wrk)"),
    version: () => versionOf("wrk", "-v").split(" Copyright")[0]!,
    // It knows no rate.
    command: ({ url, seconds }) => ["wrk", ...wrkWords(seconds), "-s", peerFile("wrk-percentiles.lua"), url],
    read: fromJsonLine,
  },
  {
    ...{ name: "wrk2", isOpen: true, calibrationSeconds: 10 },
    prepare: () => (isInstalled("wrk2") ? undefined : "wrk2 is not on the PATH, and no registry has it"),
    version: () => versionOf("wrk2", "-v").split(" Copyright")[0]!,
    command: ({ url, seconds, perSecond = NO_LIMIT }) => [
      ...["wrk2", ...wrkWords(seconds)],
      ...["-R", String(perSecond), "-L", url],
    ],
    read: fromWrk2,
  },
  oha("oha", false),
  { ...oha("oha-corrected", true), isVariant: true },
  {
    ...{ name: "hey", isOpen: false },
    prepare: () => buildGo("hey", "hey", "github.com/rakyll/hey"),
    version: () => "hey 0.1.5",
    command: ({ url, seconds, perSecond }) => [
      ...[product("hey"), "-c", String(UNDER_WAY), "-z", `${seconds}s`],
      // Its rate is that of each connection.
      ...(perSecond === undefined ? [] : ["-q", String(perSecond / UNDER_WAY), "-o", "csv"]),
      url,
    ],
    read: fromHeyCsv,
  },
  {
    ...{ name: "k6", isOpen: false },
    prepare: () => buildGo("k6", "k6-peer"),
    version: () => versionOf(product("k6-peer"), "version").split(" (")[0]!,
    command: ({ url, seconds, perSecond }) => [
      ...[product("k6-peer"), "run", "--quiet", "--no-usage-report", "-e", `URL=${url}`, "-e", `SECONDS=${seconds}`],
      ...(perSecond === undefined ? [] : ["-e", `RATE=${perSecond}`]),
      peerFile("k6/script.js"),
    ],
    read: fromJsonLine,
  },
];

function tenk(name: string, isOpen: boolean): HttpGenerator {
  return {
    ...{ name, isOpen, prepare: () => undefined, version: tenkVersion },
    command: ({ url, seconds, perSecond }) => [
      ...[...tenkCommand(), "load", "http", ...wrkWords(seconds), "--insecure", "--no-save", "--no-live"],
      ...(isOpen && perSecond !== undefined ? ["-R", String(perSecond)] : []),
      ...["--json", "-", url],
    ],
    read: fromTenk,
  };
}

function wrkWords(seconds: number): string[] {
  return ["-t", "1", "-c", String(UNDER_WAY), "-d", `${seconds}s`];
}

function oha(name: string, isOpen: boolean): HttpGenerator {
  const program = product("oha/bin/oha");
  return {
    ...{ name, isOpen },
    prepare: () => (existsSync(program) ? undefined : installCrate("oha", OHA)),
    version: () => versionOf(program, "--version"),
    command: ({ url, seconds, perSecond }) => [
      ...[program, "-c", String(UNDER_WAY), "-z", `${seconds}s`, "--insecure", "--no-tui", "--output-format", "json"],
      ...(perSecond === undefined ? [] : ["-q", String(perSecond)]),
      ...(isOpen && perSecond !== undefined ? ["--latency-correction"] : []),
      url,
    ],
    read: fromOha,
  };
}
