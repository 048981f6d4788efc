import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Lists that have been generated. */
export interface GeneratedLists {
  readonly paths: readonly string[];
  /** Distinct names in all of them. */
  readonly names: number;
  readonly meanLength: number;
}

const START = [
  "s",
  "tr",
  "cl",
  "ad",
  "m",
  "p",
  "b",
  "gr",
  "st",
  "v",
  "d",
  "l",
  "f",
  "k",
  "an",
  "in",
  "on",
  "w",
  "t",
  "r",
  "c",
  "h",
];
const MIDDLE = ["a", "e", "i", "o", "u", "ea", "ou", "ee", "ai", "io"];
const END = ["ck", "t", "n", "r", "s", "x", "m", "ng", "ly", "p", "d", "k", "l", "st", "b", "z"];
const TOP = [
  "com",
  "com",
  "com",
  "com",
  "com",
  "net",
  "net",
  "org",
  "ru",
  "info",
  "biz",
  "de",
  "xyz",
  "top",
  "cn",
  "io",
  "co.uk",
];
const HOSTS = [
  "www",
  "ads",
  "track",
  "cdn",
  "stats",
  "m",
  "api",
  "img",
  "pixel",
  "click",
  "s1",
  "a",
  "go",
  "app",
  "mail",
  "static",
];

/** A small generator of numbers below `limit`, the same in every run. */
export function randomOf(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 0x100000000) * limit);
  };
}

/** Returns names with the shape of real lists: half of them below a name that others are below too, 19 letters on average. */
export function* generateNames(random: (limit: number) => number): Generator<string> {
  const pick = (words: readonly string[]) => words[random(words.length)]!;
  const word = () => pick(START) + pick(MIDDLE) + pick(END) + (random(2) === 0 ? pick(START) + pick(MIDDLE) : "");
  for (;;) {
    const digits = random(5) === 0 ? String(random(1000)) : "";
    const joined = random(3) === 0 ? `-${word()}` : random(2) === 0 ? word() : "";
    const registered = `${word()}${joined}${digits}.${pick(TOP)}`;
    yield registered;
    // Few names have many others below them.
    const below = random(9) > 3 ? 0 : random(30) === 0 ? random(60) : 1 + random(5);
    for (let index = 0; index < below; index++) {
      const host = random(2) === 0 ? pick(HOSTS) : word() + (random(3) === 0 ? String(random(100)) : "");
      yield `${host}.${random(6) === 0 ? `${pick(HOSTS)}.` : ""}${registered}`;
    }
  }
}

/**
 * Writes three lists in three formats into a folder. `names` distinct ones are in them; a third of these are in two lists.
 */
export function writeLists(folder: string, names: number, seed = 1): GeneratedLists {
  const random = randomOf(seed);
  const paths = ["adblock.txt", "hosts.txt", "domains.txt"].map((name) => join(folder, name));
  const files = paths.map((path) => openSync(path, "w"));
  const lines: string[][] = [[], [], []];
  const seen = new Set<string>();
  let length = 0;
  const forms = [(name: string) => `||${name}^`, (name: string) => `0.0.0.0 ${name}`, (name: string) => name];
  const flush = (index: number) => void writeSync(files[index]!, `${lines[index]!.splice(0).join("\n")}\n`);
  for (const name of generateNames(random)) {
    if (seen.size === names) break;
    if (seen.has(name)) continue;
    seen.add(name);
    length += name.length;
    const first = random(3);
    for (const index of random(3) === 0 ? [first, (first + 1) % 3] : [first]) {
      if (lines[index]!.push(forms[index]!(name)) === 4096) flush(index);
    }
  }
  files.forEach((file, index) => {
    flush(index);
    closeSync(file);
  });
  return { paths, names: seen.size, meanLength: length / seen.size };
}
