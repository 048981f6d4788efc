/** Who may use a site. What cannot be carried over lets nobody in, rather than everybody. */
import type { Directive } from "./directives.ts";
import { type Matcher, splitMatcher } from "./matchers.ts";
import type { Report, Scope } from "./scope.ts";

/** A hash that no password has. */
export const NO_PASSWORD =
  "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/** `services.NAME.auth` that lets nobody in. */
export const NOBODY = { users: { nobody: NO_PASSWORD } };

export function closed(scope: Scope): Scope {
  return { ...scope, settings: { ...scope.settings, auth: NOBODY } };
}

/** Directives about users. They are applied to more requests than they name, rather than to less. */
export function isGuard({ name }: Directive): boolean {
  return /^(basic_?auth|forward_auth)$/.test(name);
}

/** Of plugins that people use, such as `authorize with policy`. */
const FOREIGN_GUARDS = /^(authorize|authenticate|jwt\w*|oauth\w*|oidc\w*|saml\w*)$/;

/** Returns whether a directive lets only some in, by a way that cannot be carried over. */
export function isForeignGuard({ name, block }: Directive): boolean {
  return FOREIGN_GUARDS.test(name) || (name === "tls" && (block ?? []).some((line) => line.name === "client_auth"));
}

/**
 * Returns the scope with the list of who may, where a block has one: `@outside not remote_ip 10.0.0.0/8` with `abort @outside` or
 * `respond @outside 403`.
 */
export function withAllowed(
  scope: Scope,
  directives: readonly Directive[],
  named: ReadonlyMap<string, Matcher>,
  report: Report,
): Scope {
  let next = scope;
  for (const from of directives) {
    const { matcher } = splitMatcher(from, named);
    if (isDenial(from, matcher)) next = withClients(next, matcher.clients, from, report);
  }
  return next;
}

/** A service has one list of clients: who is in two would have to be in both. */
export function withClients(scope: Scope, clients: Matcher["clients"], from: Directive, report: Report): Scope {
  if (clients === undefined) return scope;
  if (scope.settings.allow === undefined) return { ...scope, settings: { ...scope.settings, allow: clients } };
  report.add(from, "a second list of clients is not carried over: nobody gets in until allow is set");
  return closed(scope);
}

/** Returns whether a directive refuses all but some clients. */
export function isDenial(from: Directive, matcher: Matcher): boolean {
  const isForOutsiders = matcher.isOutside === true && matcher.others.length === 0;
  if (!isForOutsiders || matcher.hosts !== undefined || matcher.paths !== undefined) return false;
  if (from.name !== "handle" && from.name !== "route") return refuses(from);
  const [only, ...more] = from.block ?? [];
  return only !== undefined && more.length === 0 && refuses(only);
}

/** Returns whether a directive turns requests away. */
export function refuses({ name, args }: Directive): boolean {
  return name === "abort" || ((name === "respond" || name === "error") && args.some((each) => /^4\d\d$/.test(each)));
}
