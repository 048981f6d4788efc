import { parseBytes } from "../../base/mod.ts";
import { isPasswordHash } from "../../part/mod.ts";
import { upstreamUrls } from "./addresses.ts";
import { fallbackOf } from "./answers.ts";
import type { Directive } from "./directives.ts";
import { closed, isForeignGuard, isGuard, NO_PASSWORD, NOBODY } from "./guards.ts";
import { withHeaderLine } from "./headers.ts";
import { isEverything, type Matcher, splitMatcher } from "./matchers.ts";
import type { Report, RouteSettings, Scope } from "./scope.ts";

type Change = Partial<Omit<Scope, "settings">> & { readonly settings?: RouteSettings };

/** Directives that change how requests of a block are answered, and do not answer. */
const SETTINGS: Readonly<
  Record<string, (scope: Scope, from: Directive, args: readonly string[], report: Report) => Change>
> = {
  root: (_, __, [folder]) => ({ root: folder }),
  try_files: (_, from, args, report) => ({ fallback: fallbackOf(from, args, report) }),
  encode: () => ({ settings: { compress: true } }),
  request_body: (_, from, __, report) => ({ settings: maxBodyOf(from, report) }),
  header: ({ settings }, from, args, report) => ({
    settings: { response: headerLines(settings.response, from, args, report) },
  }),
  request_header: ({ settings }, from, args, report) => ({
    settings: { request: headerLines(settings.request, from, args, report) },
  }),
  basic_auth: (_, from, args, report) => ({ settings: { auth: basicAuth(from, args, report) } }),
  basicauth: (_, from, args, report) => ({ settings: { auth: basicAuth(from, args, report) } }),
  forward_auth: (_, from, args, report) => ({ settings: { auth: forwardAuth(from, args, report) } }),
  php_fastcgi: (_, from, __, report) => {
    report.add(from, "not carried over: FastCGI is not spoken");
    return { noFiles: "php_fastcgi" };
  },
  templates: (_, from, __, report) => {
    report.add(from, "not carried over: files are sent as they are");
    return { noFiles: "templates" };
  },
};

export function isSetting(name: string): boolean {
  return Object.hasOwn(SETTINGS, name);
}

/** Returns the scope with the settings that a block makes for all of it. */
export function withSettings(
  scope: Scope,
  directives: readonly Directive[],
  named: ReadonlyMap<string, Matcher>,
  report: Report,
): Scope {
  let next = scope;
  for (const from of directives) {
    if (isForeignGuard(from)) {
      report.add(from, "not carried over: nobody gets in until auth or allow is set");
      next = closed(next);
      continue;
    }
    const apply = Object.hasOwn(SETTINGS, from.name) ? SETTINGS[from.name] : undefined;
    if (apply === undefined) continue;
    // A root's only word is its folder, although it looks like a matcher.
    const isFolder = from.name === "root" && from.args.length === 1;
    const { matcher, rest } = isFolder ? { matcher: { others: [] }, rest: from.args } : splitMatcher(from, named);
    if (!isEverything(matcher)) {
      if (!isGuard(from)) {
        report.add(from, "not carried over: it is for a part of the requests alone");
        if (from.name === "php_fastcgi" || from.name === "templates") next = { ...next, noFiles: from.name };
        continue;
      }
      report.add(from, "carried over for all requests of its block, not only for those that it names");
    }
    const { settings, ...others } = apply(next, from, rest, report);
    if (settings?.auth !== undefined && next.settings.auth !== undefined) {
      report.add(from, "not carried over beside another authentication: nobody gets in until auth is set");
      next = closed(next);
      continue;
    }
    next = { ...next, ...others, settings: { ...next.settings, ...settings } };
  }
  return next;
}

function headerLines(given: RouteSettings["response"], from: Directive, args: readonly string[], report: Report) {
  let lines = args.length > 0 ? withHeaderLine(given, args, from, report) : given;
  for (const line of from.block ?? []) lines = withHeaderLine(lines, [line.name, ...line.args], line, report);
  return lines ?? { remove: [], set: {}, add: {} };
}

function maxBodyOf(from: Directive, report: Report): RouteSettings {
  let maxBody: string | undefined;
  for (const line of from.block ?? []) {
    const [size = ""] = line.args;
    if (line.name !== "max_size") report.add(line, "not carried over");
    else if (isSize(size)) maxBody = size;
    else report.add(line, `not carried over: its size ${size}`);
  }
  return maxBody === undefined ? {} : { maxBody };
}

function isSize(text: string): boolean {
  try {
    return Number.isSafeInteger(parseBytes(text));
  } catch {
    return false;
  }
}

function basicAuth(from: Directive, args: readonly string[], report: Report): object {
  const realm = args[1];
  const users: Record<string, string> = {};
  for (const line of from.block ?? []) {
    const [hash = ""] = line.args;
    const isCarried = isPasswordHash(hash);
    if (!isCarried)
      report.add(
        line,
        "the password is not carried over, as it is not hashed by argon2id: nobody gets in until you put the output of tenk password here",
      );
    // `__proto__` would be the object's prototype.
    if (line.name !== "__proto__") users[line.name] = isCarried ? hash : NO_PASSWORD;
  }
  if (Object.keys(users).length === 0) {
    report.add(from, "it has no users: nobody gets in");
    users.nobody = NO_PASSWORD;
  }
  return { users, ...(realm !== undefined && { realm }) };
}

function forwardAuth(from: Directive, [upstream = ""]: readonly string[], report: Report): object {
  const urls = upstreamUrls(upstream);
  let uri = "/";
  const copyHeaders: string[] = [];
  for (const line of from.block ?? []) {
    if (line.name === "uri" && line.args[0] !== undefined) uri = line.args[0];
    else if (line.name === "copy_headers")
      copyHeaders.push(...line.args, ...(line.block ?? []).map(({ name }) => name));
    else report.add(line, "not carried over");
  }
  const renamed = copyHeaders.filter((each) => each.includes(">"));
  for (const each of renamed) report.add(from, `${each} not carried over: headers keep their names`);
  const [url] = typeof urls === "string" ? [] : urls;
  if (url === undefined || !url.startsWith("http") || /[{}]/.test(uri)) {
    report.add(from, `not carried over: nobody gets in until auth.forward is set, for ${upstream}`);
    return NOBODY;
  }
  return { forward: { url: url + uri, copyHeaders: copyHeaders.filter((each) => !each.includes(">")) } };
}
