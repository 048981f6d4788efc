import { upstreamUrls } from "./addresses.ts";
import type { Directive } from "./directives.ts";
import { type HeaderLines, withHeaderLine } from "./headers.ts";
import type { Report } from "./scope.ts";

/** What `reverse_proxy` becomes. */
export interface Forwarding {
  /** Settings of the service, `target` or `targets` among them. */
  readonly section: Record<string, unknown>;
  readonly request: HeaderLines | undefined;
  readonly response: HeaderLines | undefined;
}

type Section = Record<string, unknown>;

const BALANCES: Readonly<Record<string, string>> = {
  random: "random-two-choices",
  random_choose: "random-two-choices",
  round_robin: "round-robin",
  weighted_round_robin: "weighted",
  least_conn: "least-connections",
  first: "first",
  ip_hash: "source-hash",
  client_ip_hash: "source-hash",
  uri_hash: "uri-hash",
};

/** Subdirectives with one value that a service has under another name. */
const HEALTH: Readonly<Record<string, string>> = {
  health_uri: "path",
  health_path: "path",
  health_interval: "check",
  health_timeout: "checkTimeout",
  health_status: "status",
  fail_duration: "within",
  max_fails: "failures",
};

/** Headers that tenk sets by itself, with the values that people write. */
const OWN_HEADERS = /^(X-Forwarded-(For|Proto|Host)|Host)$/i;
const OWN_VALUES = /^\{(http\.request\.)?(host|remote_host|remote\.host|scheme|hostport|client_ip)\}$/;

/** Reads `reverse_proxy`, behind its matcher. @returns undefined, and says why, where it cannot be carried over */
export function forwardingOf(from: Directive, upstreams: readonly string[], report: Report): Forwarding | undefined {
  const block = from.block ?? [];
  const named = [...upstreams, ...block.filter(({ name }) => name === "to").flatMap(({ args }) => args)];
  const urls = urlsOf(named, from, report);
  if (urls === undefined) return undefined;
  const section: Section = {};
  const headers: { request: HeaderLines | undefined; response: HeaderLines | undefined } = {
    request: undefined,
    response: undefined,
  };
  let isSecure = false;
  for (const line of block) {
    const { name, args } = line;
    if (name === "to") continue;
    if (name === "header_up") {
      if (!OWN_HEADERS.test(args[0] ?? "") || !OWN_VALUES.test(args[1] ?? ""))
        headers.request = withHeaderLine(headers.request, args, line, report);
    } else if (name === "header_down") headers.response = withHeaderLine(headers.response, args, line, report);
    else if (name === "transport") isSecure = transport(line, section, report) || isSecure;
    else if (!setting(line, section, urls.length, report)) report.add(line, "not carried over");
    if (name === "transport" && args[0] !== "http") return undefined;
  }
  const secured = urls.map((url) => (isSecure ? url.replace(/^http:/, "https:") : url));
  return { section: { ...targetsOf(secured, section, from, report), ...withoutWeights(section) }, ...headers };
}

function urlsOf(named: readonly string[], from: Directive, report: Report): string[] | undefined {
  if (named.length === 0) {
    report.add(from, "not carried over: it names no upstream, or finds them only while it runs");
    return undefined;
  }
  const urls: string[] = [];
  for (const each of named) {
    const found = upstreamUrls(each);
    if (typeof found === "string") {
      report.add(from, `not carried over: upstream ${each}: ${found}`);
      return undefined;
    }
    urls.push(...found);
  }
  return [...new Set(urls)];
}

function targetsOf(urls: readonly string[], { weights }: Section, from: Directive, report: Report): Section {
  if (urls.length === 1) return { target: urls[0] };
  if (!Array.isArray(weights)) return { targets: urls };
  if (weights.length !== urls.length)
    report.add(from, "not carried over: its weights, one for each upstream is missing");
  return { targets: urls.map((url, index) => ({ url, weight: Number(weights[index] ?? 1) })) };
}

function withoutWeights({ weights: _, ...others }: Section): Section {
  return others;
}

/** @returns false where the line cannot be carried over */
function setting({ name, args }: Directive, section: Section, targets: number, report: Report): boolean {
  const [value] = args;
  const health = HEALTH[name];
  if (health !== undefined && value !== undefined) {
    section.health = { ...(section.health as object), [health]: health === "status" ? statusOf(value) : value };
    return true;
  }
  switch (name) {
    case "lb_policy":
      return targets === 1 || balance(args, section, report);
    case "lb_retries":
      section.attempts = Number(value) + 1;
      return true;
    case "unhealthy_request_count":
      section.limits = { perTarget: Number(value) };
      return true;
    case "flush_interval":
      // Answers are never held back.
      return value === "-1";
    default:
      return false;
  }
}

function statusOf(text: string): string | number {
  return /^\d{3}$/.test(text) ? Number(text) : text.toLowerCase();
}

function balance([policy = "", ...args]: readonly string[], section: Section, _report: Report): boolean {
  if (policy === "cookie") {
    const [cookie, secret] = args;
    section.sticky = cookie === undefined ? true : { cookie, ...(secret !== undefined && { secret }) };
    return true;
  }
  if (policy === "header" && args[0] !== undefined) {
    section.balance = "header-hash";
    section.hashHeader = args[0];
    return true;
  }
  const known = Object.hasOwn(BALANCES, policy) ? BALANCES[policy] : undefined;
  if (known === undefined) return false;
  section.balance = known;
  if (policy === "weighted_round_robin") section.weights = args;
  return true;
}

/** @returns undefined where there is no such setting */
function protocolOf(versions: readonly string[]): string | undefined {
  const asked = [...new Set(versions)].toSorted().join(" ");
  return ({ "1.1": "http1", "1.1 2": "auto", "2 h2c": "http2", h2c: "http2" } as const)[asked];
}

/** @returns whether targets are spoken to by TLS */
function transport(line: Directive, section: Section, report: Report): boolean {
  if (line.args[0] !== "http") {
    report.add(line, `not carried over: ${line.args[0] ?? "nothing"} is not spoken to targets`);
    return false;
  }
  let isSecure = false;
  const tls = (more: object) => {
    isSecure = true;
    section.tls = { ...(section.tls as object), ...more };
  };
  const timeout = (key: string, value: string | undefined) => {
    section.timeouts = { ...(section.timeouts as object), [key]: value };
  };
  for (const each of line.block ?? []) {
    const { name, args } = each;
    if (name === "tls") isSecure = true;
    else if (name === "tls_insecure_skip_verify") tls({ verify: false });
    else if (name === "tls_server_name") tls({ serverName: args[0] });
    else if (name === "tls_trusted_ca_certs") tls({ ca: args[0] });
    else if (name === "tls_trust_pool" && args[0] === "file") tls({ ca: args[1] });
    else if (name === "tls_client_auth" && args.length === 2) tls({ cert: args[0], key: args[1] });
    else if (name === "dial_timeout") timeout("connect", args[0]);
    else if (name === "response_header_timeout") timeout("response", args[0]);
    else if (name === "versions" && protocolOf(args) !== undefined) section.protocol = protocolOf(args);
    else report.add(each, "not carried over");
  }
  return isSecure;
}
