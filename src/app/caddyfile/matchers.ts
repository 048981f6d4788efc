import type { Directive } from "./directives.ts";
import type { Report, Scope } from "./scope.ts";

/** A matcher that can be carried over: hosts, paths and clients. */
export interface Matcher {
  readonly hosts?: readonly string[];
  readonly paths?: readonly string[];
  /** Addresses of clients; `isOutside`: all but these. */
  readonly clients?: readonly string[];
  readonly isOutside?: boolean;
  /** Kinds of conditions that cannot be carried over. */
  readonly others: readonly string[];
}

export const EVERYTHING: Matcher = { others: [] };

/** What Caddy's `private_ranges` stands for. */
const PRIVATE_RANGES = ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1"];

/** Returns the matchers that a block defines: `@name path /api/*`, or `@name { … }`. */
export function matchersIn(directives: readonly Directive[]): Map<string, Matcher> {
  const named = new Map<string, Matcher>();
  for (const { name, args, block } of directives) {
    if (!name.startsWith("@")) continue;
    const [first, ...rest] = args;
    const ofLine = first === undefined ? [] : [conditionOf(first, rest, block)];
    const lines =
      first === undefined ? (block ?? []).map((each) => conditionOf(each.name, each.args, each.block)) : ofLine;
    named.set(name, both(lines));
  }
  return named;
}

function both(lines: readonly Matcher[]): Matcher {
  const others = lines.flatMap((each) => each.others);
  const twice = (["hosts", "paths", "clients"] as const).filter(
    (key) => lines.filter((each) => each[key] !== undefined).length > 1,
  );
  return { ...Object.assign({}, ...lines), others: [...others, ...twice.map((key) => `${key} twice`)] };
}

function conditionOf(name: string, args: readonly string[], block: readonly Directive[] | undefined): Matcher {
  switch (name) {
    case "host":
      return { hosts: args.map((each) => each.toLowerCase()), others: [] };
    case "path":
      return { paths: args, others: [] };
    case "remote_ip":
    case "client_ip":
      return {
        clients: args
          .filter((each) => each !== "forwarded")
          .flatMap((each) => (each === "private_ranges" ? PRIVATE_RANGES : [each])),
        others: args.includes("forwarded") ? ["forwarded"] : [],
      };
    case "not": {
      const [first, ...rest] = args;
      const inner =
        first === undefined
          ? (block ?? []).map((each) => conditionOf(each.name, each.args, each.block))
          : [conditionOf(first, rest, block)];
      const [only] = inner;
      const isClients =
        inner.length === 1 && only?.clients !== undefined && !only.isOutside && only.others.length === 0;
      return isClients ? { clients: only.clients ?? [], isOutside: true, others: [] } : { others: ["not"] };
    }
    default:
      return { others: [name] };
  }
}

/** Splits the arguments of a directive into its matcher and the rest, as Caddy does. */
export function splitMatcher(
  { args }: Directive,
  named: ReadonlyMap<string, Matcher>,
): { matcher: Matcher; rest: readonly string[] } {
  const [first = "", ...rest] = args;
  if (first === "*") return { matcher: EVERYTHING, rest };
  if (first.startsWith("/")) return { matcher: { paths: [first], others: [] }, rest };
  if (first.startsWith("@"))
    return { matcher: named.get(first) ?? { others: [`${first}, which is not defined`] }, rest };
  return { matcher: EVERYTHING, rest: args };
}

export function isEverything({ hosts, paths, clients, others }: Matcher): boolean {
  const everyPath = paths === undefined || paths.some((each) => each === "*" || each === "/*");
  return hosts === undefined && everyPath && clients === undefined && others.length === 0;
}

/** Returns the scope of what a matcher selects; undefined, and says why, where that cannot be carried over. */
export function narrowed(scope: Scope, matcher: Matcher, from: Directive, report: Report): Scope | undefined {
  if (matcher.others.length > 0) {
    report.add(from, `not carried over: a matcher by ${[...new Set(matcher.others)].join(", ")} has no counterpart`);
    return undefined;
  }
  if (matcher.isOutside) {
    report.add(from, "not carried over: what only clients outside of a range get has no counterpart");
    return undefined;
  }
  const paths = matcher.paths === undefined ? scope.paths : pathsWithin(scope, matcher.paths, from, report);
  if (paths === undefined) return undefined;
  const hosts = matcher.hosts?.filter((host) => scope.hosts.some((outer) => covers(outer, host))) ?? scope.hosts;
  if (hosts.length > 0) return { ...scope, paths, hosts };
  report.add(
    from,
    `not carried over: ${matcher.hosts?.join(", ")} is never reached, the site has ${scope.hosts.join(", ")}`,
  );
  return undefined;
}

/** Returns whether a site's address covers a host: itself, `*.home.arpa` one label, `*` every one. */
function covers(outer: string, host: string): boolean {
  if (outer === "*" || outer === host) return true;
  return outer.startsWith("*.") && host.endsWith(outer.slice(1)) && !host.slice(0, -outer.length + 1).includes(".");
}

function pathsWithin(scope: Scope, patterns: readonly string[], from: Directive, report: Report): string[] | undefined {
  const paths: string[] = [];
  for (const pattern of patterns) {
    const path = pathOf(pattern, from, report);
    if (path === undefined) return undefined;
    const within = path === "/" ? scope.paths : scope.paths.flatMap((outer) => inBoth(outer, path));
    if (scope.strip && path !== "/") {
      report.add(from, `not carried over: ${pattern} is a path behind one that is removed`);
      return undefined;
    }
    if (within.length === 0) {
      report.add(from, `not carried over: ${pattern} is never reached, it is outside of ${scope.paths.join(", ")}`);
      return undefined;
    }
    paths.push(...within);
  }
  return [...new Set(paths)];
}

function inBoth(outer: string, inner: string): string[] {
  if (outer === "/" || inner === outer || inner.startsWith(`${outer}/`)) return [inner];
  return outer.startsWith(`${inner}/`) ? [outer] : [];
}

/** `/api/*` is `/api` of a service. Patterns that mean less or more are carried over with a word, or not at all. */
function pathOf(pattern: string, from: Directive, report: Report): string | undefined {
  if (pattern === "*" || pattern === "/*") return "/";
  const [, path = "", end = ""] = /^(\/[^*{}]*?)(\/\*|\*)?$/.exec(pattern) ?? [];
  if (path === "" || path === "/") {
    if (pattern === "/") {
      report.add(from, "carried over with all that is below it: a path of a service is a prefix");
      return "/";
    }
    report.add(from, `not carried over: a path like ${pattern} has no counterpart`);
    return undefined;
  }
  if (end === "") report.add(from, `carried over with all that is below ${pattern}: a path of a service is a prefix`);
  if (end === "*")
    report.add(from, `carried over as ${path} and all below ${path}/, without other paths like ${path}x`);
  return path.replace(/\/$/, "");
}
