import { type Log, occasionally, TenkError } from "../../base/mod.ts";
import type { Access, LoginResult } from "./access.ts";
import { isAllowedHost } from "./allowed-host.ts";
import { belowBase } from "./base-path.ts";
import { readForm } from "./body.ts";
import type { Client } from "./client.ts";
import { finishResponse } from "./finish-response.ts";
import { loginPage } from "./login-page.ts";
import { csrfReason, forwardedHost, isEmbedded, isSameOrigin, OTHER_ORIGIN } from "./origin.ts";
import { basePathHint, Rejections } from "./rejections.ts";
import type { RequestContext, Route, Routes } from "./request-context.ts";
import { errorResponse, json, redirect, respond, TEXT } from "./response.ts";
import { basePathFor, type Site } from "./site.ts";

export interface AuthOptions {
  readonly access: Access;
  readonly routes: Routes;
  /** What we are bound to. */
  readonly host: string;
  readonly site: () => Site;
  /** Of the session's cookie: browsers keep one jar for all ports of a host. */
  readonly cookie: () => string;
  readonly log: Log;
}

/** A request before anything is known of its sender but the address. */
export interface IncomingRequest {
  readonly request: Request;
  readonly peer: string;
  readonly stayOpen: () => void;
}

type UnauthenticatedContext = Omit<RequestContext, "auth" | "sessionEnd">;

/**
 * Checks every request, in this order: the Host header, authentication, authorization, and for a POST that it comes from our own
 * page. Only then the route is called. Without authentication an unknown path gets the same answer as a known one.
 */
export function authMiddleware(options: AuthOptions): (incoming: IncomingRequest) => Promise<Response> {
  const { access, routes, host, site, cookie, log } = options;
  const logFailure = failureLogger(log);
  const rejections = new Rejections(log);

  async function handle(
    { request, peer, stayOpen }: IncomingRequest,
    client: Client,
    base: string,
    path: string | undefined,
  ): Promise<Response> {
    const { headers, method } = request;
    const requestedHost =
      (client.proxy === "trusted" ? forwardedHost(headers) : undefined) ?? headers.get("host") ?? "";
    // Our own proxy passes on requests for the hosts of the service alone.
    const isOurs = client.service !== undefined;
    if (!isOurs && !isAllowedHost(requestedHost, host, site().names))
      return rejections.unknownHost(requestedHost, peer);
    const query = new URL(request.url).searchParams;
    const isReading = method === "GET" || method === "HEAD";
    if (path === undefined) return redirect(`./${base.split("/").at(-2)}/`);
    const context: UnauthenticatedContext = { request, path, query, client, stayOpen };
    if (isReading && path === "/" && query.has("token")) return loginByLink(context);
    if (path === "/login") return isReading ? loginForm(context) : loginByForm(context, peer);

    const route = path === "/logout" ? logout : routes(path);
    const auth = access.authenticate(context.client, headers, cookie(), route?.isScrape ?? false);
    if (route?.isPublic !== true) {
      if (auth.waitMs > 0) return tooManyAttemptsResponse(auth.waitMs);
      if (auth.may === "nothing") return unauthorizedResponse(path);
      if (isReading && isEmbedded(headers, site())) return errorResponse(403, CROSS_SITE);
    }
    if (route === undefined) return errorResponse(404, `nothing is at ${path.slice(0, 100)}`, basePathHint(path));
    const sessionEnd = () => (auth.by === "session" ? access.sessionEnd(headers, cookie()) : undefined);
    return serveRoute(route, { ...context, auth, sessionEnd }, peer);
  }

  async function serveRoute(route: Route, context: RequestContext, peer: string): Promise<Response> {
    const { request, auth, client } = context;
    if (request.method === "GET" || request.method === "HEAD") {
      return route.get === undefined ? methodNotAllowedResponse("POST") : route.get(context);
    }
    if (request.method !== "POST" || route.post === undefined) {
      return methodNotAllowedResponse([route.get && "GET, HEAD", route.post && "POST"].filter(Boolean).join(", "));
    }
    if (route.isOpen) return route.post(context);
    if (auth.may !== "change") return errorResponse(403, "authentication required to change anything", AUTH_HINT);
    const why = csrfReason(request.headers, client, auth, site());
    if (why === OTHER_ORIGIN) return rejections.otherOrigin(request.headers, peer);
    if (why !== undefined) return errorResponse(403, `${CROSS_SITE}: ${why}`);
    return route.post(context);
  }

  /** GET returns whether there is a session to end, POST ends it. */
  const logout: Route = {
    get: ({ auth }) => json({ session: auth.by === "session" }),
    post({ request, client }) {
      access.logout(request.headers, cookie());
      return json({}, 200, { "set-cookie": `${cookie()}=; ${cookieAttributes(client, 0)}` });
    },
  };

  function loginForm({ client, request }: UnauthenticatedContext): Response {
    const { by } = access.authenticate(client, request.headers, cookie(), false);
    return by === "session" ? redirect("./") : loginFormResponse(200);
  }

  function loginByLink(context: UnauthenticatedContext): Response {
    const entry = access.loginWithToken(context.client, context.query.get("token") ?? "");
    return loginResponse(entry, context.client);
  }

  async function loginByForm(context: UnauthenticatedContext, peer: string): Promise<Response> {
    const { request, client } = context;
    const { headers } = request;
    if (request.method !== "POST") return methodNotAllowedResponse("GET, HEAD, POST");
    // A form cannot carry our header, so that Sec-Fetch-Site is looked at; only old browsers send none.
    const from = headers.get("sec-fetch-site");
    if (from !== null && from !== "same-origin") return errorResponse(403, CROSS_SITE);
    if (!isSameOrigin(headers, client, site())) return rejections.otherOrigin(headers, peer);
    const form = await readForm(request);
    return loginResponse(await access.loginWithPassword(client, form.get("word") ?? ""), client);
  }

  function loginResponse(entry: LoginResult, client: Client): Response {
    if (entry === "busy") return loginFormResponse(503, "Too many are trying. Wait a moment.", { "retry-after": "2" });
    if (entry === "wrong")
      return loginFormResponse(401, `Wrong ${access.hasPassword ? "password or token" : "token"}.`);
    if ("waitMs" in entry) {
      const seconds = `${Math.ceil(entry.waitMs / 1000)}`;
      return loginFormResponse(429, `Too many wrong attempts. Wait ${seconds} s.`, { "retry-after": seconds });
    }
    const age = Math.floor(access.sessions.maxAgeMs / 1000);
    return redirect("./", { "set-cookie": `${cookie()}=${entry.session}; ${cookieAttributes(client, age)}` });
  }

  function loginFormResponse(code: number, message = "", headers: Record<string, string> = {}): Response {
    return loginPage({ code, hasPassword: access.hasPassword, message, headers });
  }

  /**
   * A browser sends a strict cookie neither when the user follows a link of another site, a mail or the terminal, nor when that
   * page is loaded again. The page that is returned asks again at `/login`, and that request has the cookie.
   */
  function unauthorizedResponse(path: string): Response {
    if (path === "/") return loginPage({ code: 401, hasPassword: access.hasPassword, asksAgain: true });
    const hint = basePathHint(path) ?? AUTH_HINT;
    return errorResponse(401, "authentication required", hint, { "www-authenticate": 'Bearer realm="tenk"' });
  }

  async function answered(...given: Parameters<typeof handle>): Promise<Response> {
    const [incoming] = given;
    try {
      return await handle(...given);
    } catch (error) {
      // A client that has gone away reads no response, and must not fill the log.
      if (incoming.request.signal.aborted) return respond(400, TEXT, "gone\n");
      if (error instanceof TenkError && CLIENT_ERRORS.has(error.code))
        return errorResponse(400, error.message, error.hint);
      logFailure(error);
      return errorResponse(500, "it failed; the log says why");
    }
  }

  return async (incoming) => {
    // The runtime passes on a request with an empty Host, with a path as its URL; the Host check refuses it.
    const { request, peer } = incoming;
    const client = access.client(peer, request.headers);
    const whole = pathOf(request.url);
    const base = basePathFor(whole, client.service, site());
    const path = belowBase(whole, base);
    return finishResponse(request, path ?? "/", await answered(incoming, client, base, path), site());
  };
}

const CROSS_SITE = "cross-site request refused";
const AUTH_HINT =
  "open the link with the token that `tenk up` printed at its first start, or send Authorization: Bearer TOKEN";

/**
 * Sets no path: the browser then takes the folder of the login page. That is right below whatever path a proxy serves us, and
 * keeps apart several instances behind one proxy.
 */
function cookieAttributes({ isSecure }: Client, ageSeconds: number): string {
  return `HttpOnly; SameSite=Strict; Max-Age=${ageSeconds}${isSecure ? "; Secure" : ""}`;
}

/** Errors whose cause is the request: the message is for its sender. */
const CLIENT_ERRORS: ReadonlySet<string> = new Set(["usage", "invalid-option"]);

function tooManyAttemptsResponse(waitMs: number): Response {
  const seconds = `${Math.ceil(waitMs / 1000)}`;
  return errorResponse(429, "too many wrong attempts", `wait ${seconds} s`, { "retry-after": seconds });
}

function methodNotAllowedResponse(allow: string): Response {
  return errorResponse(405, `only ${allow}`, undefined, { allow });
}

/** Drops a doubled first slash, as a proxy sends it for `location /tenk { proxy_pass http://…/; }`. */
function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/^\/{2,}/, "/") : "/";
}

/** Logs why a request failed, at most once a second; the sender is not told. */
function failureLogger(log: Log): (error: unknown) => void {
  const logOccasionally = occasionally<string>((count, error) => log.error("request failed", { error, count }));
  return (error) => logOccasionally(error instanceof Error ? error.stack || error.message : String(error));
}
