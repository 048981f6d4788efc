import type { Directive } from "./directives.ts";
import { withLongPlaceholders } from "./placeholders.ts";
import type { Report } from "./scope.ts";

/** As `services.NAME.headers.request`. */
export interface HeaderLines {
  readonly remove: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
}

const NONE: HeaderLines = { remove: [], set: {}, add: {} };

/**
 * Adds one line of `header`, `request_header`, `header_up` or `header_down`: `X value`, `+X value`, `-X`.
 *
 * @param words the line's words, the header's name first
 */
export function withHeaderLine(
  given: HeaderLines | undefined,
  words: readonly string[],
  from: Directive,
  report: Report,
): HeaderLines {
  const lines = given ?? NONE;
  const [field = "", value, replacement] = words;
  const [, sign = "", name = ""] = /^([+\-?>]?)(.*?):?$/.exec(field) ?? [];
  const refuse = (why: string) => {
    report.add(from, `${field} not carried over: ${why}`);
    return lines;
  };
  if (name.includes("*")) return refuse("a pattern of names has no counterpart");
  if (name === "" || name === "defer") return lines;
  // Would be the object's prototype.
  if (name === "__proto__") return refuse("it is no header");
  if (sign === "-") return { ...lines, remove: [...lines.remove, name] };
  if (replacement !== undefined) return refuse("replacing a part of a value has no counterpart");
  if (value === undefined) return refuse("it has no value");
  const long = withLongPlaceholders(value);
  if (long === undefined) return refuse("it has a placeholder that tenk does not know");
  if (sign === "?") report.add(from, `${field} carried over as one that is always set`);
  const kind = sign === "+" ? "add" : "set";
  if (Object.keys(lines[kind]).some((each) => each.toLowerCase() === name.toLowerCase()))
    return refuse("it is there already");
  return { ...lines, [kind]: { ...lines[kind], [name]: long } };
}

/** Returns what a section has, without what is empty. */
export function headerSection(lines: HeaderLines | undefined): object | undefined {
  if (lines === undefined) return undefined;
  const { remove, set, add } = lines;
  const section = {
    ...(remove.length > 0 && { remove }),
    ...(Object.keys(set).length > 0 && { set }),
    ...(Object.keys(add).length > 0 && { add }),
  };
  return Object.keys(section).length === 0 ? undefined : section;
}
