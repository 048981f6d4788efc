import { isIP, isIPv4 } from "node:net";
import { parseRdata, parseType, Rcode, RecordType } from "../../wire/dns/mod.ts";
import type { ClientCondition, InvalidReason, Rewrite, TypeCondition } from "./types.ts";

/** Modifiers of a rule: what stands behind its `$`. */
export interface Modifiers {
  isImportant: boolean;
  isBadfilter: boolean;
  types?: TypeCondition;
  clients?: ClientCondition;
  except?: readonly string[];
  rewrite?: Rewrite | null;
  /** Set when the whole rule is for browsers, because it has a modifier that DNS cannot apply. */
  isForBrowsers: boolean;
  problem?: InvalidReason;
}

/** They concern the page of the whole site, which DNS blocks anyway. */
const WHOLE_SITE = new Set(["all", "document", "doc"]);

export const NO_MODIFIERS: Modifiers = { isImportant: false, isBadfilter: false, isForBrowsers: false };

/** Parses modifiers as AdGuard's documentation of DNS rules has them. A rule with an unknown one is not for DNS. */
export function parseModifiers(text: string): Modifiers {
  const modifiers: Modifiers = { isImportant: false, isBadfilter: false, isForBrowsers: false };
  for (const word of splitUnquoted(text, ",")) {
    const equals = word.indexOf("=");
    const name = (equals < 0 ? word : word.slice(0, equals)).trim().toLowerCase();
    applyModifier(modifiers, name, equals < 0 ? undefined : word.slice(equals + 1).trim());
  }
  return modifiers;
}

function applyModifier(modifiers: Modifiers, name: string, value: string | undefined): void {
  if (name === "important" && value === undefined) modifiers.isImportant = true;
  else if (name === "badfilter" && value === undefined) modifiers.isBadfilter = true;
  else if (name === "dnstype" && value) applyTypes(modifiers, value);
  else if (name === "client" && value) applyClients(modifiers, value);
  else if (name === "denyallow" && value) applyExceptions(modifiers, value);
  else if (name === "dnsrewrite") applyRewrite(modifiers, value);
  else if (value !== undefined || !WHOLE_SITE.has(name)) modifiers.isForBrowsers = true;
}

function applyTypes(modifiers: Modifiers, value: string): void {
  const { included, excluded } = splitNegated(value, (each) => parseType(each.trim()));
  const known = (types: readonly (number | undefined)[]) => types.filter((type) => type !== undefined);
  modifiers.types = { included: known(included), excluded: known(excluded) };
  if ([...included, ...excluded].includes(undefined)) modifiers.problem = "unknown DNS type";
}

function applyClients(modifiers: Modifiers, value: string): void {
  const clients = splitNegated(value, (each) => unquote(each.trim()));
  modifiers.clients = clients;
  if ([...clients.included, ...clients.excluded].includes("")) modifiers.problem = "unknown value of a modifier";
}

function applyExceptions(modifiers: Modifiers, value: string): void {
  const names = value.split("|").map((name) => name.trim().toLowerCase().replace(/\.$/, ""));
  modifiers.except = names;
  if (names.some((name) => !isName(name))) modifiers.problem = "unknown value of a modifier";
}

function applyRewrite(modifiers: Modifiers, value: string | undefined): void {
  const rewrite = value ? parseRewrite(value) : null;
  if (rewrite === undefined) modifiers.problem = "unknown form of dnsrewrite";
  else modifiers.rewrite = rewrite;
}

const RCODES = new Map(Object.entries(Rcode).map(([name, code]) => [name.toUpperCase(), code]));

function parseRewrite(value: string): Rewrite | undefined {
  if (!value.includes(";")) return shortRewrite(value);
  const [code = "", type = "", ...rest] = value.split(";");
  const content = rest.join(";");
  const rcode = RCODES.get(code);
  if (rcode === undefined) return undefined;
  if (type === "" && content === "") return empty(rcode);
  const number = parseType(type);
  return number === undefined || rcode !== 0 ? undefined : record(number, content);
}

function shortRewrite(value: string): Rewrite | undefined {
  const rcode = RCODES.get(value);
  if (rcode !== undefined) return empty(rcode);
  if (isIP(value) !== 0) return record(isIPv4(value) ? RecordType.a : RecordType.aaaa, value);
  return isName(value.toLowerCase().replace(/\.$/, "")) ? record(RecordType.cname, value) : undefined;
}

function empty(rcode: number): Rewrite {
  return { rcode, type: 0, data: new Uint8Array() };
}

function record(type: number, content: string): Rewrite | undefined {
  try {
    const isBareText = type === RecordType.txt && !content.startsWith('"');
    return { rcode: 0, type, data: parseRdata(type, isBareText ? JSON.stringify(content) : content) };
  } catch {
    return undefined;
  }
}

/** Whether a text is a host name in small letters, of one label or more. */
export function isName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(text) && !/(^|\.)\d+$/.test(text);
}

function splitNegated<Value>(text: string, convert: (each: string) => Value): { included: Value[]; excluded: Value[] } {
  const included: Value[] = [];
  const excluded: Value[] = [];
  for (const each of splitUnquoted(text, "|")) {
    if (each.startsWith("~")) excluded.push(convert(each.slice(1)));
    else included.push(convert(each));
  }
  return { included, excluded };
}

/** Splits at separators that stand outside quotes and have no backslash before them. */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === "\\") at += 1;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if ((char === "'" || char === '"') && /[=|~]/.test(text[at - 1] ?? "=")) quote = char;
    else if (char === separator) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

function unquote(text: string): string {
  const quoted = /^(['"])(.*)\1$/s.exec(text)?.[2] ?? text;
  return quoted.replace(/\\(.)/gs, "$1");
}
