import { type Metric, Registry } from "prom-client";
import type { TenkError } from "../base/mod.ts";
import { type Load, loadUnderWay, Makers } from "./user-makers.ts";
import { mustBeWords, refused, type Words, wrongName } from "./user-words.ts";

/** One metric for each set of label values. Keep what `with` gives: looking it up costs, using it does not. */
export interface Labelled<Kind, Label extends string> {
  with(values: Readonly<Record<Label, string>>): Kind;
}

/** Label sets one metric may have; what comes after them is counted under the value `other`. */
const MAX_LABEL_SETS = 1000;

/** Of this event loop. */
export const registry = new Registry();
const families = new Map<string, Family<unknown>>();
/** Made by the load under way, to be taken back where that fails. */
let made: { readonly load: Load; readonly family: Family<unknown> }[] = [];

/** A metric with all its label sets. */
export class Family<Kind> {
  readonly words: Words;
  readonly promOptions: { name: string; help: string; labelNames: string[]; registers: Registry[] };
  readonly makers = new Makers();
  /** In whose place it is: what an earlier version of its file made. */
  before: Family<unknown> | undefined;
  /** Its side for prom-client. */
  prom: (Metric & { help?: string }) | undefined;
  readonly #make: (values: Record<string, string>) => Kind;
  readonly #members = new Map<string, [Record<string, string>, Kind]>();

  constructor(words: Words, make: (values: Record<string, string>) => Kind) {
    const { name, help, labels } = words;
    this.words = words;
    this.promOptions = { name, help, labelNames: [...labels], registers: [registry] };
    this.#make = make;
  }

  members(): Iterable<[Record<string, string>, Kind]> {
    return this.#members.values();
  }

  handle(): Kind & Labelled<Kind, string> {
    const one =
      this.words.labels.length === 0
        ? this.#member({})
        : { with: (values: Record<string, string>) => this.#with(values) };
    return one as Kind & Labelled<Kind, string>;
  }

  #with(given: Readonly<Record<string, string>>): Kind {
    const values = Object.fromEntries(this.words.labels.map((label) => [label, String(given[label] ?? "")]));
    const isFull = this.#members.size >= MAX_LABEL_SETS && !this.#members.has(JSON.stringify(values));
    return this.#member(isFull ? Object.fromEntries(this.words.labels.map((label) => [label, "other"])) : values);
  }

  #member(values: Record<string, string>): Kind {
    const key = JSON.stringify(values);
    let member = this.#members.get(key);
    if (member === undefined) {
      member = [values, this.#make(values)];
      this.#members.set(key, member);
    }
    return member[1];
  }
}

/**
 * A metric of this name: the one there is, where it was made with the same words. Another version of the file that made it, and
 * of no other, may make it with others: it is then told from its beginning, and the one before no more.
 *
 * @param make its value for one set of label values
 * @param register makes its side for prom-client, once
 * @throws {TenkError} `invalid-option` for words that cannot be, names that are tenk's own or something else already; then
 * nothing is left of it
 */
export function familyOf<Kind>(
  words: Words,
  make: (values: Record<string, string>) => Kind,
  register: (family: Family<Kind>) => void,
): Family<Kind> {
  mustBeWords(words);
  const load = loadUnderWay();
  const known = families.get(words.name);
  if (known !== undefined) {
    const mayReplace = known.makers.yieldTo(load);
    if (isSame(known.words, words) && !(mayReplace && known.words.detail !== words.detail)) {
      if (load) known.makers.add(load);
      if (load?.isAgain && known.prom) known.prom.help = words.help;
      return known as Family<Kind>;
    }
    // A handler of the version before still asks for what was its own.
    if (!load && known.before && isSame(known.before.words, words)) return known.before as Family<Kind>;
    if (!mayReplace) throw alreadyMade(known, load);
    known.before = undefined;
    registry.removeSingleMetric(words.name);
  }
  const family = new Family(words, make);
  register(family);
  family.before = known;
  families.set(words.name, family as Family<unknown>);
  if (load) {
    family.makers.add(load);
    made.push({ load, family: family as Family<unknown> });
  }
  return family;
}

/** A file's load is over: what a refused version made is taken back, and what a new one makes no more is told no more. */
export function settleLoad(load: Load, isKept: boolean): void {
  const byLoad = made.filter((each) => each.load === load);
  made = made.filter((each) => each.load !== load);
  if (!isKept) for (const { family } of byLoad) takeBack(family);
  else if (load.isAgain) {
    for (const [name, family] of families) {
      if (!family.makers.isLeftBy(load)) continue;
      families.delete(name);
      registry.removeSingleMetric(name);
    }
  }
}

function takeBack(family: Family<unknown>): void {
  const { name } = family.words;
  if (families.get(name) !== family) return;
  registry.removeSingleMetric(name);
  families.delete(name);
  const { before } = family;
  if (before === undefined) return;
  families.set(name, before);
  if (before.prom) registry.registerMetric(before.prom);
}

function isSame(one: Words, other: Words): boolean {
  return one.type === other.type && one.labels.join() === other.labels.join();
}

function alreadyMade({ words, makers }: Family<unknown>, load: Load | undefined): TenkError {
  const why = `it is a ${words.type} with labels [${words.labels.join(", ")}] already`;
  const others = makers.othersThan(load);
  if (load === undefined || others.length === 0) return wrongName(words.name, why);
  const hint =
    "give this one another name; to have it otherwise in each file that makes it, change them and start again";
  return refused(words.name, `${why}, in ${others.join(", ")}`, hint);
}
