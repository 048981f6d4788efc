import { filesOf, redirectOf, respondOf } from "./answers.ts";
import type { Directive } from "./directives.ts";
import { isDenial, isForeignGuard, refuses, withAllowed, withClients } from "./guards.ts";
import { EVERYTHING, type Matcher, matchersIn, narrowed, splitMatcher } from "./matchers.ts";
import { forwardingOf } from "./reverse-proxy.ts";
import type { Report, Route, Scope } from "./scope.ts";
import { isSetting, withSettings } from "./settings.ts";

/** The order in which Caddy asks directives of one block, whatever their order in the file. */
const ORDER = ["redir", "handle", "handle_path", "route", "abort", "error", "respond", "reverse_proxy", "file_server"];

/** Why directives that people use have no counterpart. */
const NO_COUNTERPART: Readonly<Record<string, string>> = {
  log: "the access log is one for all services",
  tls: "certificates are those of all services",
  bind: "all services are served on proxy.https and proxy.http",
  handle_errors: "error pages are tenk's own",
  rewrite: "paths are forwarded as they are; strip removes the path of a service",
  metrics: "all metrics are at /metrics of the dashboard",
};

/** Returns the routes of a block, and of the blocks in it. */
export function routesOf(scope: Scope, directives: readonly Directive[], report: Report, inRoute = false): Route[] {
  const named = matchersIn(directives);
  const allowed = withAllowed(scope, directives, named, report);
  const inside = withSettings(uriStripped(allowed, directives, report), directives, named, report);
  const answering = directives.filter(({ name }) => ORDER.includes(name));
  for (const from of directives)
    if (!isKnown(from, scope) && !isForeignGuard(from)) report.add(from, `not carried over${whyNot(from)}`);
  const ordered = inRoute ? answering : answering.toSorted((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
  return ordered.flatMap((from) => {
    const { matcher, rest } = splitMatcher(from, named);
    if (isDenial(from, matcher)) return [];
    if (refuses(from) && (matcher.clients !== undefined || matcher.others.length > 0)) {
      report.add(from, "not carried over, so these clients get in: only a list of who may (allow) has a counterpart");
      return [];
    }
    const within = narrowed(inside, matcher, from, report);
    if (within !== undefined) {
      return routesBy(from, rest, withClients(within, matcher.clients, from, report), matcher, report);
    }
    if (refuses(from)) report.add(from, "requests that it refuses get in");
    return [];
  });
}

/** Names that get a certificate of the local CA by themselves. */
const LOCAL_NAME = /(^|\.)(localhost|local|internal|home\.arpa|lan)$/;

function isKnown({ name, args }: Directive, { hosts }: Scope): boolean {
  if (name === "tls" && args.length === 1 && args[0] === "internal")
    return hosts.every((host) => LOCAL_NAME.test(host));
  return name.startsWith("@") || name === "uri" || ORDER.includes(name) || isSetting(name);
}

function whyNot({ name, args }: Directive): string {
  if (name === "tls" && args[0]?.includes("@")) return ": write certificates: { email: … }";
  const why = Object.hasOwn(NO_COUNTERPART, name) ? NO_COUNTERPART[name] : undefined;
  return why === undefined ? "" : `: ${why}`;
}

function routesBy(from: Directive, args: readonly string[], scope: Scope, matcher: Matcher, report: Report): Route[] {
  const answer = (section: object | undefined, inner = scope): Route[] =>
    section === undefined ? [] : [{ scope: inner, answer: { ...section }, from }];
  switch (from.name) {
    case "handle":
    case "route":
      return routesOf(scope, from.block ?? [], report, from.name === "route");
    case "handle_path": {
      if (matcher === EVERYTHING || matcher.paths === undefined) {
        report.add(from, "not carried over: it has no path");
        return [];
      }
      const isAll = scope.paths.length === 1 && scope.paths[0] === "/";
      return routesOf({ ...scope, strip: !isAll }, from.block ?? [], report);
    }
    case "redir":
      return answer(redirectOf(from, args, report));
    case "respond":
      return answer(respondOf(from, args, report));
    case "error":
      return answer(respondOf(from, args.slice(-1), report));
    case "abort":
      report.add(from, "carried over as an answer of 403: tenk does not close the connection");
      return answer({ respond: { status: 403 } });
    case "file_server":
      return answer(filesOf(from, args, scope, report));
    default: {
      const forwarding = forwardingOf(from, args, report);
      if (forwarding === undefined) return [];
      const { section, request, response } = forwarding;
      const settings = {
        ...scope.settings,
        ...(request && { request: merged(scope.settings.request, request) }),
        ...(response && { response: merged(scope.settings.response, response) }),
      };
      return answer(section, { ...scope, settings });
    }
  }
}

type Lines = NonNullable<Scope["settings"]["request"]>;

function merged(outer: Lines | undefined, inner: Lines): Lines {
  if (outer === undefined) return inner;
  const remove = [...outer.remove, ...inner.remove];
  return { remove, set: { ...outer.set, ...inner.set }, add: { ...outer.add, ...inner.add } };
}

/** `handle /api/* { uri strip_prefix /api … }` is `handle_path /api/*`. */
function uriStripped(scope: Scope, directives: readonly Directive[], report: Report): Scope {
  let strip = scope.strip;
  for (const from of directives.filter(({ name }) => name === "uri")) {
    const [what, path] = from.args;
    const isOwn = what === "strip_prefix" && scope.paths.length === 1 && scope.paths[0] === path && path !== "/";
    if (isOwn) strip = true;
    else report.add(from, "not carried over: only the path of a service can be removed");
  }
  return { ...scope, strip };
}
