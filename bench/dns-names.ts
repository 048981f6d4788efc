import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { product } from "./build.ts";
import { generateNames, randomOf } from "./dns-list-names.ts";

/** The lists that servers block by. */
export const LIST_NAMES = ["house", "million"] as const;
export type ListName = (typeof LIST_NAMES)[number];

/** Queries of each mix; `forwarded` has a name of its own in each query. */
export const MIXES = ["cached", "blocked", "local"] as const;
export type Mix = (typeof MIXES)[number];

const MILLION = 1_000_000;
/** How many names are asked, in turn. */
const ASKED = 1000;
const HOUSE_LIST = join(import.meta.dirname, "../../shared/data/blocklist-basic.hosts.txt");
const HOUSE_NAMES = 76_000;

/** What all servers are given. */
export interface DnsNames {
  readonly name: ListName;
  readonly names: readonly string[];
  /** Hosts file: `0.0.0.0 ads.example`. */
  readonly hostsFile: string;
  /** Names of the house, and their addresses. */
  readonly local: ReadonlyMap<string, string>;
}

/** Queries as files for the generators. */
export const QUERY_FILES: Readonly<Record<Mix | "forwarded", (list: ListName) => string>> = {
  cached: () => file("cached.txt"),
  blocked: (list) => file(`blocked-${list}.txt`),
  local: () => file("local.txt"),
  forwarded: () => file("forwarded.txt"),
};

/** Writes lists and queries into the build folder, once. */
export function makeDnsNames(name: ListName): DnsNames {
  mkdirSync(product("dns"), { recursive: true });
  const hostsFile = file(`${name}.hosts`);
  const names = name === "house" && existsSync(HOUSE_LIST) ? namesIn(HOUSE_LIST) : generated(name);
  const local = new Map(numbers().map((index) => [`svc${index}.home.arpa`, `192.0.2.${index % 250}`]));
  writeFileSync(hostsFile, names.map((each) => `0.0.0.0 ${each}\n`).join(""));
  const step = Math.floor(names.length / ASKED);
  writeQueries(
    "cached.txt",
    numbers().map((index) => `www.site${index}.example.org A`),
  );
  writeQueries(
    `blocked-${name}.txt`,
    numbers().map((index) => `${names[index * step]} A`),
  );
  writeQueries(
    "local.txt",
    [...local.keys()].map((each) => `${each} A`),
  );
  writeQueries("forwarded.txt", ["\\{n}.forwarded.example.org A"]);
  return { name, names, hostsFile, local };
}

function numbers(): number[] {
  return Array.from({ length: ASKED }, (_, index) => index);
}

function writeQueries(name: string, lines: readonly string[]): void {
  writeFileSync(file(name), `${lines.join("\n")}\n`);
}

function file(name: string): string {
  return join(product("dns"), name);
}

function namesIn(path: string): string[] {
  const lines = readFileSync(path, "latin1").split("\n");
  const found = lines.flatMap((line) => /^(?:0\.0\.0\.0|127\.0\.0\.1)\s+([\w.-]+)/.exec(line)?.[1] ?? []);
  return [...new Set(found)].filter((each) => each.includes(".") && /[a-z]/i.test(each));
}

function generated(name: ListName): string[] {
  const most = name === "million" ? MILLION : HOUSE_NAMES;
  const found = new Set<string>();
  for (const each of generateNames(randomOf(1))) if (found.add(each).size === most) break;
  return [...found];
}
