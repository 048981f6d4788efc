import type { Exchange } from "../../http/mod.ts";
import type { HttpService, Service } from "../../part/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import { Redirect, Respond } from "../answers/mod.ts";
import { Files } from "../files/mod.ts";
import { type ForwardRoute, forwardRoute, type HeadPool, ServiceTargets } from "../forward/mod.ts";
import { Guard } from "../guard/mod.ts";
import type { RoutePattern } from "../routes/mod.ts";
import { type AnswerLines, answerLines, HSTS_NAME, withPolicy } from "./answer-lines.ts";

/** An answer that needs no target. */
export interface Answerer {
  /**
   * `head` and `bytes` are borrowed.
   *
   * @param stripBytes of the path, which are not looked at
   * @returns what goes on with the answer; undefined where that is complete
   */
  answer(exchange: Exchange, head: Head, bytes: Uint8Array, stripBytes: number): Answering | undefined;
}

/** An answer of our own that takes longer than a turn. */
export interface Answering {
  /** The exchange takes more. */
  drained(): void;
  /** The exchange is over. */
  finished(): void;
}

/** A service on one event loop, with everything made that does not depend on a request. */
export interface Route extends RoutePattern {
  readonly service: string;
  readonly http: HttpService;
  /** Undefined where everybody may use it as they like. */
  readonly guard: Guard | undefined;
  readonly answerer: Answerer | undefined;
  readonly targets: ServiceTargets | undefined;
  readonly forward: ForwardRoute | undefined;
  readonly lines: AnswerLines;
}

/** Routes that were prepared. Either `commit` or `drop` is called, once. */
export interface PreparedRoute {
  readonly route: Route;
  commit(): void;
  drop(): void;
}

/**
 * Makes the route of a service. Given the one in force, its targets stay.
 *
 * @throws {TenkError} `invalid-option`, `file-unreadable`
 */
export function prepareRoute(service: Service, former: Route | undefined, heads: HeadPool): PreparedRoute {
  const http = service.http!;
  const lines = answerLines(http.headers.response);
  const guard = Guard.of(service.name, http, heads, former?.guard);
  const common = { service: service.name, hosts: service.hosts, paths: http.paths, http, lines, guard };
  if (http.answer.type !== "forward") {
    const route = {
      ...common,
      answerer: answererOf(service.name, http),
      targets: undefined,
      forward: undefined,
    };
    return { route, commit() {}, drop() {} };
  }
  const kept = former?.targets;
  const commit = kept?.prepare(service.name, http.answer.forward);
  const targets = kept ?? new ServiceTargets(service.name, http.answer.forward);
  const route = {
    ...common,
    answerer: undefined,
    targets,
    forward: forwardRoute(http, http.answer.forward, targets.list),
  };
  return {
    route,
    commit: () => commit?.(),
    drop() {
      if (kept === undefined) targets.stop();
    },
  };
}

function answererOf(service: string, { answer, headers, compress }: HttpService): Answerer {
  const { remove, set } = headers.response;
  const dropNames = new Set([...remove, ...set.map(([name]) => name)].map((name) => name.toLowerCase()));
  if (answer.type === "respond")
    return new Respond(answer.status, answer.contentType, answer.body, {
      compresses: compress,
      writesType: !dropNames.has("content-type"),
    });
  if (answer.type === "redirect") return new Redirect(answer.status, answer.to);
  if (answer.type === "files") return new Files(service, answer.files, compress, dropNames);
  throw new Error(`no answerer for ${answer.type}`);
}

/**
 * Returns a route by its hosts: for those in `hstsHosts`, and for the others.
 *
 * @param hstsHosts where browsers are told to use HTTPS alone
 */
export function withHsts(route: Route, hstsHosts: readonly string[]): Route[] {
  const { hsts } = route.http;
  const hosts = hsts === undefined ? [] : route.hosts.filter((host) => hstsHosts.includes(host));
  if (hsts === undefined || hosts.length === 0) return [route];
  const { forward } = route;
  const strict: Route = {
    ...route,
    hosts,
    lines: withPolicy(route.lines, hsts),
    // A browser obeys the first of several (RFC 6797 §8.1).
    forward: forward && { ...forward, responseDropNames: [...forward.responseDropNames, HSTS_NAME] },
  };
  return [strict, { ...route, hosts: route.hosts.filter((host) => !hosts.includes(host)) }];
}
