import { stringify } from "yaml";
import { DNS_SCHEMA } from "../config.ts";
import { type ImportedDns, show } from "./draft.ts";
import type { ImportProblem } from "./problem.ts";

type Tree = Record<string, unknown>;

/** Each pass removes every entry that is wrong; removing one can make its section wrong. */
const MAX_PASSES = 5;

/** Leaves out what `tenk check` would not accept, and names it: what is printed is always a valid configuration. */
export function settled({ dns, problems }: ImportedDns): ImportedDns {
  const kept = structuredClone(dns) as Tree;
  const lost: ImportProblem[] = [];
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const { error } = DNS_SCHEMA.safeParse(kept);
    if (error === undefined)
      return { dns: kept, yaml: stringify({ dns: kept }, { lineWidth: 0 }), problems: [...problems, ...lost] };
    const paths = error.issues.flatMap((issue) => {
      const path = issue.path.map(String);
      const each = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
      return each.map((of) => ({
        path: of,
        message: issue.code === "unrecognized_keys" ? "tenk has no such setting" : issue.message,
      }));
    });
    // From the end: the places of a list move when one is removed.
    for (const { path, message } of paths.toReversed()) {
      const value = remove(kept, path);
      if (value !== undefined)
        lost.push({
          where: `dns.${path.join(".")}`,
          text: `not carried over: ${show(JSON.stringify(value))}: ${message}`,
        });
    }
  }
  return { dns: {}, yaml: stringify({ dns: {} }), problems: [...problems, ...lost] };
}

/** Removes the entry of `dns.KEY` that a path leads to or into, or all of the key. @returns what was removed */
function remove(dns: Tree, [key, entry]: readonly string[]): unknown {
  if (key === undefined) return undefined;
  const section = dns[key];
  if (entry === undefined || typeof section !== "object" || section === null) {
    delete dns[key];
    return section;
  }
  if (Array.isArray(section)) return section.splice(Number(entry), 1)[0];
  const value = (section as Tree)[entry];
  delete (section as Tree)[entry];
  return value;
}
