import { closeSync, openSync, readSync } from "node:fs";
import {
  CHUNK_BYTES,
  type ConditionalRule,
  ListParser,
  type ListParserOptions,
  type ListSink,
  type ListSummary,
  PARSER_BYTES,
} from "../list-format/mod.ts";
import { DisabledNames } from "./disabled-names.ts";
import { siteHash } from "./name-hash.ts";
import { NameHeap } from "./name-heap.ts";
import { GROUPS, NameIndex } from "./name-index.ts";
import { type NamePages, pageBitsFor } from "./name-pages.ts";

/** A list on the disk. */
export interface ListFile extends ListParserOptions {
  readonly path: string;
  /** Number of the list, 0 to 30: its bit in masks. Several files may share it. */
  readonly list: number;
}

/** A rule that is more than a name, with where it came from. */
export interface PlacedRule {
  readonly rule: ConditionalRule;
  readonly list: number;
  /** Index of the file among those that were built. */
  readonly file: number;
  readonly line: number;
}

export interface BuildResult {
  /** In the order of the files. */
  readonly summaries: readonly ListSummary[];
  readonly rules: readonly PlacedRule[];
  /** Rules that were left out because there are too many. */
  readonly refusedRules: number;
}

export interface PageBuilderOptions {
  /** Most rules that are more than names: each takes a kilobyte and time for each question. Default: 10 000. */
  readonly maxRules?: number;
}

const MAX_RULES = 10_000;

const BYTES_PER_NAME = 26;
const GROUP_SHIFT = 32 - Math.log2(GROUPS);

/**
 * Builds all pages from the lists' files, in place: each file is parsed once, then the names are gathered and their pages made
 * group by group, so that it needs the memory of one group and readers have the pages of all others. It keeps its memory.
 */
export class PageBuilder {
  readonly #pages: NamePages;
  readonly #maxRules: number;
  readonly #indexes: NameIndex[] = [];
  readonly #buffer = new Uint8Array(new ArrayBuffer(PARSER_BYTES));
  #heap: NameHeap | undefined;

  constructor(pages: NamePages, { maxRules = MAX_RULES }: PageBuilderOptions = {}) {
    this.#pages = pages;
    this.#maxRules = maxRules;
  }

  /** Builds in steps of some milliseconds each, and yields between them. */
  *build(files: readonly ListFile[]): Generator<void, BuildResult> {
    const open: number[] = [];
    try {
      for (const { path } of files) open.push(openSync(path, "r"));
      return yield* this.#build(files, open);
    } finally {
      for (const file of open) closeSync(file);
    }
  }

  *#build(files: readonly ListFile[], open: readonly number[]): Generator<void, BuildResult> {
    const disabled = new DisabledNames(this.#pages.seed);
    const rules: PlacedRule[] = [];
    let refusedRules = 0;
    const disabledRules = new Set<string>();
    const summaries: ListSummary[] = [];
    for (const [file, { list, ...options }] of files.entries()) {
      const sink = {
        name: this.#indexer(file),
        rule: (rule: ConditionalRule, line: number) => {
          if (rules.length < this.#maxRules) rules.push({ rule, list, file, line });
          else refusedRules += 1;
        },
        disable: (key: string) => (key.startsWith("[") ? void disabledRules.add(key) : disabled.add(key)),
      };
      summaries.push(yield* this.#parse(open[file]!, sink, options));
    }
    this.#pages.disabled = disabled;
    const names = summaries.reduce((sum, summary) => sum + summary.names, 0);
    yield* this.#makePages(files, open, names);
    return { summaries, rules: rules.filter(({ rule }) => !disabledRules.has(rule.key)), refusedRules };
  }

  #indexer(file: number): ListSink["name"] {
    this.#indexes[file] ??= new NameIndex();
    const index = this.#indexes[file];
    index.clear();
    const { seed } = this.#pages;
    return (bytes, from, to, flags, position) => {
      const group = siteHash(bytes, from, to, seed) >>> GROUP_SHIFT;
      if (position >= 0) index.add(position, to - from, flags, group);
      else index.addOther(bytes, from, to, flags, group);
    };
  }

  *#parse(file: number, sink: ListSink, options: ListParserOptions): Generator<void, ListSummary> {
    const parser = new ListParser(sink, { ...options, buffer: this.#buffer });
    for (let position = 0; ; ) {
      const count = readSync(file, parser.free(), 0, CHUNK_BYTES, position);
      if (count === 0) return parser.end();
      parser.take(count);
      position += count;
      yield;
    }
  }

  *#makePages(files: readonly ListFile[], open: readonly number[], names: number): Generator<void> {
    const { seed } = this.#pages;
    const pageBits = pageBitsFor(names);
    const perGroup = (1 << pageBits) / GROUPS;
    const shift = 32 - pageBits;
    this.#heap ??= new NameHeap(Math.ceil((names * BYTES_PER_NAME) / GROUPS));
    const heap = this.#heap;
    for (let group = 0; group < GROUPS; group++) {
      heap.begin(perGroup + 1);
      for (const [file, { list }] of files.entries()) {
        yield* this.#indexes[file]!.replay(open[file]!, group, this.#buffer, (bytes, from, to, flags) => {
          const site = siteHash(bytes, from, to, seed);
          // Names of one label have no site, hence are in the first group, behind its pages.
          const page =
            site === 0 && !bytes.subarray(from, to).includes(0x2e) ? perGroup : (site >>> shift) - group * perGroup;
          heap.add(page, bytes, from, to, flags, list);
        });
      }
      yield* this.#pages.replaceGroup(heap, group, pageBits);
    }
  }
}
