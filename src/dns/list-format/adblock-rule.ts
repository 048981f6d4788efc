import { RecordType } from "../../wire/dns/mod.ts";
import { isName, type Modifiers, NO_MODIFIERS, parseModifiers } from "./modifiers.ts";
import {
  ALLOW,
  type ConditionalRule,
  IMPORTANT,
  type InvalidReason,
  nameKey,
  type Rewrite,
  type RulePattern,
  SUBTREE,
} from "./types.ts";

/** What a line in adblock syntax means. */
export type AdblockLine =
  | { readonly kind: "name"; readonly name: string; readonly flags: number }
  | { readonly kind: "rule"; readonly rule: ConditionalRule }
  | { readonly kind: "disable"; readonly key: string }
  | { readonly kind: "skipped" }
  | { readonly kind: "invalid"; readonly reason: InvalidReason };

const SKIPPED = { kind: "skipped" } as const;
/** `##`, `#@#`, `#?#`, `#$#`, `#%#`, `$$` and their kin: rules about the content of pages. */
const COSMETIC = /#@?(?:\$\?|[$?%])?#|\$@?\$/;

const invalid = (reason: InvalidReason): AdblockLine => ({ kind: "invalid", reason });

/** The list that a line belongs to. */
export interface AdblockContext {
  readonly isAllowList: boolean;
  /** Only a trusted list may redirect names by `$dnsrewrite`; any list may block by it. */
  readonly isTrusted: boolean;
}

/** Parses a line in adblock syntax. */
export function parseAdblock(line: string, { isAllowList, isTrusted }: AdblockContext): AdblockLine {
  const body = line.startsWith("@@") ? line.slice(2) : line;
  const isAllow = isAllowList || body !== line;
  if (body === "/") return SKIPPED;
  const regexEnd = body.startsWith("/") ? endOfRegex(body) : -1;
  if (regexEnd > 0) {
    const pattern: RulePattern = { kind: "regex", source: body.slice(1, regexEnd) };
    const modifiers = regexEnd === body.length - 1 ? NO_MODIFIERS : parseModifiers(body.slice(regexEnd + 2));
    return classify(line, isAllow, pattern, modifiers, isTrusted);
  }
  if (COSMETIC.test(body)) return SKIPPED;
  const plain = body.replace(/\s+#.*$/, "");
  const dollar = plain.indexOf("$");
  const mask = (dollar < 0 ? plain : plain.slice(0, dollar)).trim().toLowerCase();
  if (/\s/.test(mask)) return invalid("expected an address before several names");
  // A mask with other characters is for URLs.
  if (/[^a-z0-9_.*|^-]/.test(mask)) return SKIPPED;
  const pattern = patternOf(mask);
  if (pattern === undefined) return invalid("not a name, a rule or a comment");
  const modifiers = dollar < 0 ? NO_MODIFIERS : parseModifiers(plain.slice(dollar + 1));
  return classify(line, isAllow, pattern, modifiers, isTrusted);
}

/** Returns where the `/` that ends a regular expression is: the last one with nothing or modifiers behind it. */
function endOfRegex(body: string): number {
  if (body.length > 2 && body.endsWith("/") && !body.endsWith("\\/")) return body.length - 1;
  return body.lastIndexOf("/$");
}

function classify(
  line: string,
  isAllow: boolean,
  pattern: RulePattern,
  modifiers: Modifiers,
  isTrusted: boolean,
): AdblockLine {
  if (modifiers.isForBrowsers) return SKIPPED;
  if (modifiers.problem) return invalid(modifiers.problem);
  const { types, clients, except, rewrite } = modifiers;
  const isConditional = types !== undefined || clients !== undefined || except !== undefined || rewrite !== undefined;
  if (rewrite === null && !isAllow) return invalid("unknown form of dnsrewrite");
  if (rewrite && !isAllow && !isTrusted && !isBlocking(rewrite)) {
    return invalid("dnsrewrite is allowed in lists that are trusted");
  }
  if (!isConditional && pattern.kind === "name") {
    const flags = (pattern.isSubtree ? SUBTREE : 0) | (isAllow ? ALLOW : 0) | (modifiers.isImportant ? IMPORTANT : 0);
    if (modifiers.isBadfilter) return { kind: "disable", key: nameKey(pattern.name, flags) };
    return { kind: "name", name: pattern.name, flags };
  }
  if (!isConditional && isTooWide(pattern)) {
    return invalid("it matches every name: expected a condition, or a longer pattern");
  }
  const { isImportant } = modifiers;
  const target = rewrite && [rewrite.rcode, rewrite.type, ...rewrite.data];
  const key = JSON.stringify([isAllow, isImportant, pattern, types, clients, except, target]);
  if (modifiers.isBadfilter) return { kind: "disable", key };
  const rule = { text: line, key, pattern, isAllow, isImportant };
  return { kind: "rule", rule: { ...rule, ...defined({ types, clients, except, rewrite }) } };
}

type Conditions = Pick<ConditionalRule, "types" | "clients" | "except" | "rewrite">;

function defined(conditions: { [Name in keyof Conditions]: Conditions[Name] | undefined }): Conditions {
  return Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== undefined));
}

/** Whether a rewrite leads nowhere: a code, or `0.0.0.0` and `::`. */
function isBlocking({ type, data }: Rewrite): boolean {
  return type === 0 || ((type === RecordType.a || type === RecordType.aaaa) && data.every((byte) => byte === 0));
}

/** As AdGuard: a pattern of one or two letters without a condition is a mistake. */
function isTooWide(pattern: RulePattern): boolean {
  if (pattern.kind === "any") return true;
  return (
    pattern.kind === "regex" &&
    pattern.source.replace(/[^a-z0-9_-]/gi, "").length < 3 &&
    /^[.*+^$]*$/.test(pattern.source)
  );
}

/** Returns what a mask of adblock syntax matches; undefined where it can match nothing. A `^` that is missing is supplied. */
function patternOf(mask: string): RulePattern | undefined {
  const [, start = "", middle = "", end = ""] = /^(\|{0,2})(.*?)([|^]*)$/s.exec(mask) ?? [];
  const text = end === "" ? middle : middle.replace(/\.$/, "");
  if (/[|^]/.test(text)) return undefined;
  const unrooted = text.replace(/\.$/, "");
  // `@@a.example.` is the name with the dot of the root, as in a plain line; `||ads.` is what begins so.
  if (start === "" && end === "" && unrooted.includes(".") && isName(unrooted)) {
    return { kind: "name", name: unrooted, isSubtree: false };
  }
  if (/^\**$/.test(text)) return start === "" || text !== "" ? { kind: "any" } : undefined;
  if (isName(text) && start === "||" && (end !== "" || text.includes("."))) {
    return { kind: "name", name: text, isSubtree: true };
  }
  if (isName(text) && start === "|" && end !== "") {
    return { kind: "name", name: text, isSubtree: false };
  }
  const begin = start === "||" ? "(?:^|\\.)" : start === "|" ? "^" : "";
  const inner = text.replaceAll(".", "\\.").replaceAll(/\*+/g, ".*");
  return { kind: "regex", source: `${begin}${inner}${end === "" ? "" : "$"}` };
}
