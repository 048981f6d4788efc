import { type Metric, Registry } from "prom-client";
import type { TenkError } from "../base/mod.ts";
import { checkDefinition, type Definition, refused, wrongName } from "./user-definition.ts";
import { type Load, loadInProgress, Makers } from "./user-makers.ts";

/** One metric for each set of label values. Keep the result of `with`: the lookup is slow, using the result is not. */
export interface Labelled<Kind, Label extends string> {
  with(values: Readonly<Record<Label, string>>): Kind;
}

/** Label sets one metric may have; further ones are counted under the label value `other`. */
const MAX_LABEL_SETS = 1000;

/** The registry of this event loop. */
export const registry = new Registry();
const families = new Map<string, Family<unknown>>();
/** Families made by the module load in progress; they are removed when it fails. */
let made: { readonly load: Load; readonly family: Family<unknown> }[] = [];

/** A metric with all its label sets. */
export class Family<Kind> {
  readonly definition: Definition;
  readonly promOptions: { name: string; help: string; labelNames: string[]; registers: Registry[] };
  readonly makers = new Makers();
  /** The family of the same name that an earlier version of the file made, and that this one replaces. */
  before: Family<unknown> | undefined;
  /** Its prom-client metric. */
  prom: (Metric & { help?: string }) | undefined;
  readonly #make: (values: Record<string, string>) => Kind;
  readonly #members = new Map<string, [Record<string, string>, Kind]>();

  constructor(definition: Definition, make: (values: Record<string, string>) => Kind) {
    const { name, help, labels } = definition;
    this.definition = definition;
    this.promOptions = { name, help, labelNames: [...labels], registers: [registry] };
    this.#make = make;
  }

  members(): Iterable<[Record<string, string>, Kind]> {
    return this.#members.values();
  }

  handle(): Kind & Labelled<Kind, string> {
    const one =
      this.definition.labels.length === 0
        ? this.#member({})
        : { with: (values: Record<string, string>) => this.#with(values) };
    return one as Kind & Labelled<Kind, string>;
  }

  #with(given: Readonly<Record<string, string>>): Kind {
    const values = Object.fromEntries(this.definition.labels.map((label) => [label, String(given[label] ?? "")]));
    const isFull = this.#members.size >= MAX_LABEL_SETS && !this.#members.has(JSON.stringify(values));
    return this.#member(isFull ? Object.fromEntries(this.definition.labels.map((label) => [label, "other"])) : values);
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
 * Returns the metric of this name: the existing one when its definition is the same. A new version of the only file that made
 * it may change the definition; the metric then restarts from zero and replaces the old one.
 *
 * @param make creates the value for one set of label values
 * @param register creates the prom-client metric, once
 * @throws {TenkError} `invalid-option` for an invalid definition, a reserved name, or a name with another definition;
 * nothing is registered then
 */
export function familyOf<Kind>(
  definition: Definition,
  make: (values: Record<string, string>) => Kind,
  register: (family: Family<Kind>) => void,
): Family<Kind> {
  checkDefinition(definition);
  const load = loadInProgress();
  const known = families.get(definition.name);
  if (known !== undefined) {
    const mayReplace = known.makers.mayRedefine(load);
    if (isSame(known.definition, definition) && !(mayReplace && known.definition.detail !== definition.detail)) {
      if (load) known.makers.add(load);
      if (load?.isAgain && known.prom) known.prom.help = definition.help;
      return known as Family<Kind>;
    }
    // A handler of the previous version still uses the metric that was its own.
    if (!load && known.before && isSame(known.before.definition, definition)) return known.before as Family<Kind>;
    if (!mayReplace) throw alreadyMade(known, load);
    known.before = undefined;
    registry.removeSingleMetric(definition.name);
  }
  const family = new Family(definition, make);
  register(family);
  family.before = known;
  families.set(definition.name, family as Family<unknown>);
  if (load) {
    family.makers.add(load);
    made.push({ load, family: family as Family<unknown> });
  }
  return family;
}

/** Ends a file's load: removes metrics that a rejected version made, and those that an accepted new version no longer makes. */
export function settleLoad(load: Load, isKept: boolean): void {
  const byLoad = made.filter((each) => each.load === load);
  made = made.filter((each) => each.load !== load);
  if (!isKept) for (const { family } of byLoad) undo(family);
  else if (load.isAgain) {
    for (const [name, family] of families) {
      if (!family.makers.isDroppedBy(load)) continue;
      families.delete(name);
      registry.removeSingleMetric(name);
    }
  }
}

function undo(family: Family<unknown>): void {
  const { name } = family.definition;
  if (families.get(name) !== family) return;
  registry.removeSingleMetric(name);
  families.delete(name);
  const { before } = family;
  if (before === undefined) return;
  families.set(name, before);
  if (before.prom) registry.registerMetric(before.prom);
}

function isSame(one: Definition, other: Definition): boolean {
  return one.type === other.type && one.labels.join() === other.labels.join();
}

function alreadyMade({ definition, makers }: Family<unknown>, load: Load | undefined): TenkError {
  const why = `it is a ${definition.type} with labels [${definition.labels.join(", ")}] already`;
  const others = makers.othersThan(load);
  if (load === undefined || others.length === 0) return wrongName(definition.name, why);
  const hint =
    "choose another name for this one; to change the metric in every file that makes it, edit them and restart";
  return refused(definition.name, `${why}, in ${others.join(", ")}`, hint);
}
