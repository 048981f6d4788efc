import {
  type ClientConnection,
  type Exchange,
  type ExchangeHandler,
  HTTP_SERVER_DEFAULTS,
  type Http2Rejection,
} from "../../http/mod.ts";
import { addressRanges, type Configured } from "../../net/mod.ts";
import { FIELD_STRIDE, type Head } from "../../wire/http1/mod.ts";
import { AccessLog, type LoggedRequest } from "../access-log/mod.ts";
import { Redirect } from "../answers/mod.ts";
import { PROXY_COUNTS } from "../counts.ts";
import { Caller, Client, carriesChunks, Forward, HeadPool, type HeldContent, isLoop } from "../forward/mod.ts";
import { ANYBODY, type Grant, type Guard, HeldRequest, type Proceed } from "../guard/mod.ts";
import type { ServiceReport } from "../monitoring/mod.ts";
import { hostKey, PathPrefix, type PathRoute, RouteTable } from "../routes/mod.ts";
import { giveLines } from "./answer-lines.ts";
import { challengeToken } from "./challenge.ts";
import { KnownHosts } from "./known-hosts.ts";
import type { ProxyOptions } from "./options.ts";
import { OwnSiteAnswers } from "./own-site.ts";
import { RequestCounter } from "./request-counter.ts";
import { type PreparedRoute, prepareRoute, type Route, withHsts } from "./route.ts";
import { newWork, type Work } from "./work.ts";

const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();
const CRLF = encoder.encode("\r\n");

type ProxyExchange = Exchange<Work>;

/** Everything that a reload replaces. */
interface InForce {
  readonly options: ProxyOptions;
  readonly table: RouteTable<Route>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly own: OwnSiteAnswers;
  /** DNS over HTTPS, at the names of the machine. */
  readonly doh: PathRoute<Route> | undefined;
  readonly toHttps: Redirect | undefined;
  readonly isTrusted: (address: string) => boolean;
  readonly heads: HeadPool;
  readonly log: AccessLog | undefined;
}

/**
 * Answers the requests of one event loop.
 *
 * ```text
 *   request ─► ACME challenge ─► service by host and path ─► to HTTPS ─► guard ─► forward · respond · redirect · files
 *                                   └─► own site ─► 404, 421
 * ```
 */
export class ProxyHandler implements ExchangeHandler<Work> {
  #inForce: InForce;
  readonly #hosts = new KnownHosts();
  #counter = new RequestCounter(new Float64Array(PROXY_COUNTS.counters + PROXY_COUNTS.gauges));

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: ProxyOptions) {
    const { next, commit } = this.#prepare(options, undefined);
    this.#inForce = next;
    commit();
  }

  /** @returns what puts other options in force @throws {TenkError} `invalid-option`, `file-unreadable` */
  configure(options: ProxyOptions): Configured {
    const { routes: former, doh } = this.#inForce;
    const { next, commit, drop } = this.#prepare(options, this.#inForce);
    const take = () => {
      commit();
      logChanged(this.#inForce.log, next.log);
      this.#inForce = next;
      for (const [name, route] of former) {
        if (next.routes.get(name)?.targets !== route.targets) route.targets?.stop();
        route.guard?.stop(next.routes.get(name)?.guard);
      }
      if (next.doh?.route.targets !== doh?.route.targets) doh?.route.targets?.stop();
    };
    return Object.assign(take, { drop });
  }

  /** @param row of this event loop, as `PROXY_COUNTS` lays it out */
  counting(row: Float64Array): void {
    this.#counter = new RequestCounter(row);
  }

  /** What this event loop knows of targets. */
  report(): ServiceReport[] {
    return [...this.#inForce.routes.values()].flatMap(({ service, targets }) =>
      targets === undefined ? [] : [{ service, waiting: targets.list.waiting, targets: targets.list.report() }],
    );
  }

  async stopped(): Promise<void> {
    for (const route of this.#inForce.routes.values()) {
      route.targets?.stop();
      route.guard?.stop();
    }
    this.#inForce.doh?.route.targets?.stop();
    await this.#inForce.log?.close();
  }

  request(exchange: ProxyExchange, head: Head, bytes: Uint8Array): void {
    const work: Work = newWork(head.method);
    exchange.data = work;
    this.#counter.began(work);
    const { table, options, log, isTrusted } = this.#inForce;
    const client = clientOf(exchange);
    if (log !== undefined) {
      const peer = client.address;
      const address = isTrusted(peer) ? client.addressBehind(head, bytes, isTrusted) : peer;
      work.logged = log.begin({ exchange: exchange as Exchange, head, bytes, peer, address });
    }
    const token = challengeToken(bytes, head.targetStart, head.targetEnd);
    if (token !== undefined && Object.hasOwn(options.challenges, token)) {
      answerText(exchange, options.challenges[token]!);
      return;
    }
    const hostRoutes = this.#hosts.routesOf(client, table, head, bytes);
    if (hostRoutes === undefined) {
      this.#withoutService(exchange, head, bytes, "No service has this name.");
      return;
    }
    const found = hostRoutes.find(bytes, head.targetStart, head.targetEnd);
    if (found === "no-route") this.#withoutService(exchange, head, bytes, "No service has this path.");
    else if (found === "dot-segment") exchange.fail(400, "A path with . or .. could lead to another service.");
    else {
      work.route = found.route;
      work.prefixBytes = found.prefix.bytes.length;
      if (head.hostStart >= 0) work.authority = client.host!.bytes;
      this.#counter.isFor(work, options.slots[found.route.service] ?? 0);
      this.#serve(exchange, found.route, head, bytes);
    }
  }

  body(exchange: ProxyExchange, bytes: Uint8Array): void {
    const { forward, held } = exchange.data;
    if (forward !== undefined) forward.requestBody(bytes);
    else held?.body(bytes);
  }

  bodyEnd(exchange: ProxyExchange, trailers: Head | undefined, bytes: Uint8Array | undefined): void {
    const { forward, held } = exchange.data;
    const lines = trailers && bytes ? linesOf(trailers, bytes) : undefined;
    if (forward !== undefined) forward.requestBodyEnd(lines);
    else held?.bodyEnd(lines);
  }

  drain(exchange: ProxyExchange): void {
    exchange.data.forward?.clientDrained();
    exchange.data.answering?.drained();
    exchange.data.held?.drained();
  }

  finished(exchange: ProxyExchange): void {
    exchange.data.forward?.finished();
    exchange.data.answering?.finished();
    exchange.data.held?.finished();
    this.#counter.finished(exchange);
    if (exchange.data.logged !== undefined) this.#log(exchange, exchange.data.logged);
  }

  answeredItself(client: ClientConnection, status: number, reason: string): void {
    this.#counter.answeredItself(status, reason);
    const isLogged = this.#inForce.log?.rejected(client.connection.remoteAddress, status, reason);
    if (isLogged === false) this.#counter.lineDropped(0);
  }

  brokeRule(reason: Http2Rejection): void {
    this.#counter.brokeRule(reason);
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  #log(exchange: ProxyExchange, logged: LoggedRequest): void {
    const { route, forward, user, slot } = exchange.data;
    const target = forward?.target?.address;
    const result = { user, service: route?.service, target, retries: forward?.retries ?? 0 };
    if (!logged.log.finish(logged, exchange as Exchange, result)) this.#counter.lineDropped(slot);
  }

  #prepare(
    options: ProxyOptions,
    former: InForce | undefined,
  ): { next: InForce; commit: () => void; drop: () => void } {
    const prepared: PreparedRoute[] = [];
    const heads = headPool(options, former);
    const drop = () => {
      for (const each of prepared) each.drop();
    };
    try {
      for (const service of options.services)
        prepared.push(prepareRoute(service, former?.routes.get(service.name), heads));
      const routes = prepared.map(({ route }) => route);
      const { doh } = options.own;
      if (doh !== undefined) prepared.push(prepareRoute(doh, former?.doh?.route, heads));
      const next: InForce = {
        options,
        table: new RouteTable(routes.flatMap((route) => withHsts(route, options.hstsHosts))),
        routes: new Map(routes.map((route) => [route.service, route])),
        own: new OwnSiteAnswers(options.own),
        doh: doh && { prefix: new PathPrefix(doh.http!.paths[0]!), route: prepared.at(-1)!.route },
        toHttps: redirectTo(options.redirectToPort),
        isTrusted: options.trustedProxies.length === 0 ? () => false : addressRanges(options.trustedProxies),
        heads,
        log: logFor(options.accessLog, former),
      };
      const commit = () => {
        for (const each of prepared) each.commit();
      };
      return { next, commit, drop };
    } catch (error) {
      drop();
      throw error;
    }
  }

  #withoutService(exchange: ProxyExchange, head: Head, bytes: Uint8Array, why: string): void {
    const { table, own, doh } = this.#inForce;
    const host = hostOf(head, bytes);
    if (own.isFor(host)) {
      if (doh?.prefix.matches(bytes, head.targetStart, head.targetEnd)) this.#resolve(exchange, doh.route, head, bytes);
      else own.answer(exchange, head, bytes);
    } else if (table.ofHost(host) !== undefined) exchange.fail(404, why);
    else exchange.fail(isDeclared(exchange, table, own) ? 421 : 404, why);
  }

  /** Leads a DNS query to the name server, which has a log of its own with levels of privacy. */
  #resolve(exchange: ProxyExchange, route: Route, head: Head, bytes: Uint8Array): void {
    const work = exchange.data;
    work.logged?.log.forget(work.logged);
    work.logged = undefined;
    if (head.hostStart >= 0) work.authority = clientOf(exchange).host!.bytes;
    this.#serve(exchange, route, head, bytes);
  }

  /** Whether the host is one of ours. A redirect to any other would lead wherever who made the link wants. */
  #isKnown(exchange: ProxyExchange, head: Head, bytes: Uint8Array): boolean {
    const { table, own } = this.#inForce;
    const host = hostOf(head, bytes);
    const { localAddress } = exchange.client.connection;
    return table.names(host) || own.names(host) || host.replace(/^\[|\]$/g, "") === localAddress;
  }

  #serve(exchange: ProxyExchange, route: Route, head: Head, bytes: Uint8Array): void {
    const { toHttps, own } = this.#inForce;
    const { http, guard } = route;
    if (toHttps !== undefined && http.plainHttp === "redirect") {
      if (!this.#isKnown(exchange, head, bytes)) exchange.fail(404, "No service has this name.");
      // A device that does not trust the box yet cannot follow a redirect to the page that helps it.
      else if (!own.isFor(hostOf(head, bytes)) || !own.answerByPage(exchange as Exchange, head, bytes))
        toHttps.answer(exchange as Exchange, head, bytes);
      return;
    }
    giveLines(exchange as Exchange, route.lines, head, bytes);
    if (http.maxBodyBytes > 0 && !exchange.limitBody(http.maxBodyBytes)) return;
    if (guard === undefined) this.#goOn(exchange, route, head, bytes, ANYBODY);
    else this.#guarded(exchange, route, guard, head, bytes);
  }

  /** Has the guard of a service decide, at once or later. */
  #guarded(exchange: ProxyExchange, route: Route, guard: Guard, head: Head, bytes: Uint8Array): void {
    const { isTrusted } = this.#inForce;
    const client = clientOf(exchange);
    const aboutClient = this.#aboutClient(client, head, bytes);
    const verdict = guard.check(exchange, head, bytes, callerOf(client, head, bytes, isTrusted), aboutClient);
    if (verdict === undefined) return;
    if (!("owner" in verdict)) {
      this.#goOn(exchange, route, head, bytes, verdict);
      return;
    }
    const { forward } = route;
    if (forward !== undefined) exchange.carriesChunks = carriesChunks(forward, exchange as Exchange, head, bytes);
    const proceed: Proceed = (head, bytes, grant, content) => {
      exchange.data.held = undefined;
      this.#goOn(exchange, route, head, bytes, grant, content);
    };
    exchange.data.held = new HeldRequest(exchange as Exchange, head, bytes, verdict, proceed);
  }

  #aboutClient(client: Client<Route>, head: Head, bytes: Uint8Array): Uint8Array {
    return this.#inForce.isTrusted(client.address) ? client.trustedLines(head, bytes) : client.lines;
  }

  /** Has a request forwarded or answered. @param content that came before, where a guard took its time */
  #goOn(
    exchange: ProxyExchange,
    { http, forward, answerer }: Route,
    head: Head,
    bytes: Uint8Array,
    grant: Grant,
    content?: HeldContent,
  ): void {
    const work = exchange.data;
    const stripBytes = http.strip ? work.prefixBytes : 0;
    work.user = grant.user;
    if (forward === undefined) {
      work.answering = answerer!.answer(exchange as Exchange, head, bytes, stripBytes);
      return;
    }
    if (isLoop(head, bytes)) {
      exchange.fail(508, "A target of this service leads back to this proxy.");
      return;
    }
    const client = clientOf(exchange);
    const hash = forward.choiceHash(head, bytes, client.address);
    work.forward = new Forward(forward, exchange as Exchange, this.#inForce.heads, head, work.authority, hash);
    const { doh, isTrusted } = this.#inForce;
    const isQuery = forward === doh?.route.forward;
    const about = isQuery
      ? client.linesOf(client.addressBehind(head, bytes, isTrusted))
      : this.#aboutClient(client, head, bytes);
    work.forward.start(head, bytes, about, stripBytes, grant.lines, content);
  }
}

function clientOf(exchange: ProxyExchange): Client<Route> {
  exchange.client.data ??= new Client<Route>(exchange.client);
  return exchange.client.data as Client<Route>;
}

/** Who a request is from: the peer, or whom it is for where the peer is a trusted proxy. */
function callerOf(
  client: Client<Route>,
  head: Head,
  bytes: Uint8Array,
  isTrusted: (address: string) => boolean,
): Caller {
  return isTrusted(client.address) ? new Caller(client.addressBehind(head, bytes, isTrusted)) : client.caller;
}

function hostOf({ hostStart, hostEnd }: Head, bytes: Uint8Array): string {
  return hostStart < 0 ? "" : hostKey(decoder.decode(bytes.subarray(hostStart, hostEnd)));
}

/** Returns the log in force where its options are the same. */
function logFor(wanted: ProxyOptions["accessLog"], inForce: InForce | undefined): AccessLog | undefined {
  if (wanted === undefined) return undefined;
  const isSameLog = JSON.stringify(wanted) === JSON.stringify(inForce?.options.accessLog);
  return isSameLog ? inForce?.log : new AccessLog(wanted);
}

/** A reload opens the file anew, as those expect who moved it. */
function logChanged(former: AccessLog | undefined, next: AccessLog | undefined): void {
  if (former === next) void former?.reopen();
  else former?.retire();
}

/** Returns the pool in force where heads may be as long as before. */
function headPool({ server }: ProxyOptions, former: InForce | undefined): HeadPool {
  const { maxHeadBytes = HTTP_SERVER_DEFAULTS.maxHeadBytes } = server;
  return former?.heads.maxHeadBytes === maxHeadBytes ? former.heads : new HeadPool(maxHeadBytes);
}

function redirectTo(port: number | undefined): Redirect | undefined {
  if (port === undefined) return undefined;
  return new Redirect(308, `https://{http.request.host}${port === 443 ? "" : `:${port}`}{http.request.uri}`);
}

/** Whether the TLS handshake named a site of ours: then the request was sent to the wrong connection (RFC 9110 §15.5.20). */
function isDeclared(exchange: ProxyExchange, table: RouteTable<Route>, own: OwnSiteAnswers): boolean {
  const { serverName } = exchange.client;
  if (serverName === undefined || serverName === "") return false;
  const host = hostKey(serverName);
  return table.ofHost(host) !== undefined || own.isFor(host);
}

function answerText(exchange: ProxyExchange, text: string): void {
  const body = encoder.encode(text);
  exchange.begin(200).field("Content-Type", "text/plain");
  exchange.sendHead(body.length, body, 0, body.length);
  exchange.end();
}

/** Returns the field lines of trailers, each with its CRLF. */
function linesOf({ fields, count }: Head, bytes: Uint8Array): Uint8Array {
  const lines: Uint8Array[] = [];
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    lines.push(bytes.subarray(fields[place], fields[place + 3]), CRLF);
  }
  return Buffer.concat(lines);
}
