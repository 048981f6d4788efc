import { Registry } from "prom-client";
import { TenkError } from "../base/mod.ts";

/** One metric for each set of label values. Keep what `with` gives: looking it up costs, using it does not. */
export interface Labelled<Kind, Label extends string> {
  with(values: Readonly<Record<Label, string>>): Kind;
}

/** Label sets one metric may have; what comes after them is counted under the value `other`. */
const MAX_LABEL_SETS = 1000;
/** Names of ours, and of what Prometheus users know by them. */
const RESERVED = /^(tenk|process|node|go|up|scrape)(_|$)/;

/** Of this event loop. */
export const registry = new Registry();
const families = new Map<string, Family<unknown>>();

/** A metric with all its label sets. */
export class Family<Kind> {
  readonly type: string;
  readonly labels: readonly string[];
  readonly promOptions: { name: string; help: string; labelNames: string[]; registers: Registry[] };
  readonly #make: (values: Record<string, string>) => Kind;
  readonly #members = new Map<string, [Record<string, string>, Kind]>();

  constructor(
    name: string,
    help: string,
    type: string,
    labels: readonly string[],
    make: (values: Record<string, string>) => Kind,
  ) {
    this.type = type;
    this.labels = labels;
    this.promOptions = { name, help, labelNames: [...labels], registers: [registry] };
    this.#make = make;
  }

  members(): Iterable<[Record<string, string>, Kind]> {
    return this.#members.values();
  }

  handle(): Kind & Labelled<Kind, string> {
    const one =
      this.labels.length === 0 ? this.#member({}) : { with: (values: Record<string, string>) => this.#with(values) };
    return one as Kind & Labelled<Kind, string>;
  }

  #with(given: Readonly<Record<string, string>>): Kind {
    const values = Object.fromEntries(this.labels.map((label) => [label, String(given[label] ?? "")]));
    const isFull = this.#members.size >= MAX_LABEL_SETS && !this.#members.has(JSON.stringify(values));
    return this.#member(isFull ? Object.fromEntries(this.labels.map((label) => [label, "other"])) : values);
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
 * A metric of this name: the one there is, where it was made with the same words.
 *
 * @param make its value for one set of label values
 * @param register makes its side for prom-client, once
 * @throws {TenkError} `invalid-option` for names that cannot be, are tenk's own, or are something else already
 */
export function familyOf<Kind>(
  name: string,
  help: string,
  type: string,
  labels: readonly string[],
  make: (values: Record<string, string>) => Kind,
  register: (family: Family<Kind>) => void,
): Family<Kind> {
  const known = families.get(name);
  if (known !== undefined) {
    if (known.type === type && known.labels.join() === labels.join()) return known as Family<Kind>;
    throw wrongName(name, `it is a ${known.type} with labels [${known.labels.join(", ")}] already`);
  }
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/.test(name)) throw wrongName(name, "it must be a-z, 0-9 and _, a letter first");
  if (RESERVED.test(name)) throw wrongName(name, "names with this beginning are not yours");
  for (const label of labels) {
    if (!isLabel(label))
      throw refused(name, `"${label}" cannot be the name of a label`, "such as room or close_reason");
  }
  const family = new Family(name, help, type, labels, make);
  register(family);
  families.set(name, family as Family<unknown>);
  return family;
}

/** Those that begin with two underscores are Prometheus's own; `le` and `quantile` say what a value of a family is. */
function isLabel(name: string): boolean {
  return /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,199}$/.test(name) && name !== "le" && name !== "quantile";
}

function wrongName(name: string, why: string): TenkError {
  return refused(name, why, "a good name has its subject first and its unit last: chat_messages_total, line_bytes");
}

export function refused(name: string, why: string, hint: string): TenkError {
  return new TenkError("invalid-option", `Cannot make the metric "${name.slice(0, 200)}": ${why}`, { hint });
}
