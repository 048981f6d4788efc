import { type Log, occasionally, TenkError } from "../../base/mod.ts";
import { type Access, type Entry, foreignness, isSameOrigin } from "./access.ts";
import { answer, HTML, json, redirect, refusal, TEXT } from "./answer.ts";
import { readForm } from "./body.ts";
import type { Client } from "./client.ts";
import { isOurs } from "./host.ts";
import { LOGIN_STYLE, loginPage } from "./login-page.ts";
import type { Route, Routes, Visit } from "./visit.ts";

export interface FrontDoorOptions {
  readonly access: Access;
  readonly routes: Routes;
  /** What we are bound to. */
  readonly host: string;
  /** Other names under which it is reached. */
  readonly names: () => readonly string[];
  /** Of the session's cookie: browsers keep one jar for all ports of a host. */
  readonly cookie: () => string;
  readonly log: Log;
}

/** A request as it came, and from where. */
export interface Arrived {
  readonly request: Request;
  readonly peer: string;
  readonly stayOpen: () => void;
}

type Opened = Omit<Visit, "standing" | "ending">;

/**
 * Every request passes here, in this order: is the name ours, is it somebody who may, is it of our own page where it changes
 * something, and only then what is asked for. What is not known is refused to strangers in the same words as what is.
 */
export function frontDoor(options: FrontDoorOptions): (arrived: Arrived) => Promise<Response> {
  const { access, routes, host, names, cookie, log } = options;
  const sayFailure = failureSayer(log);

  async function pass({ request, peer, stayOpen }: Arrived): Promise<Response> {
    const { headers, method } = request;
    if (!isOurs(headers.get("host") ?? "", host, names())) return answer(421, TEXT, "not served under this name\n");
    const { path, query } = partsOf(request.url);
    const opened: Opened = { request, path, query, client: access.client(peer, headers), stayOpen };
    const isReading = method === "GET" || method === "HEAD";
    if (isReading && path === "/" && query.has("token")) return enterByLink(opened);
    if (path === "/login") return isReading ? loginForm(opened) : enterByForm(opened);
    if (path === "/login.css" && isReading) return answer(200, "text/css; charset=utf-8", LOGIN_STYLE);

    const route = path === "/logout" ? logout : routes(path);
    const standing = access.standing(opened.client, headers, cookie(), route?.isScrape ?? false);
    if (route?.isPublic !== true) {
      if (standing.waitMs > 0) return waitAnswer(standing.waitMs);
      if (standing.may === "nothing") return strangerAnswer(path);
      if (isReading && isEmbedded(headers)) return refusal(403, "not for pages of other sites");
    }
    if (route === undefined) return refusal(404, `nothing is at ${path.slice(0, 100)}`);
    const ending = () => (standing.by === "session" ? access.ending(headers, cookie()) : undefined);
    return serveRoute(route, { ...opened, standing, ending });
  }

  /** Tells whether there is a session to end, and ends it. */
  const logout: Route = {
    get: ({ standing }) => json({ session: standing.by === "session" }),
    post({ request, client }) {
      access.leave(request.headers, cookie());
      return json({}, 200, { "set-cookie": `${cookie()}=; ${cookieWords(client, 0)}` });
    },
  };

  function loginForm({ client, request }: Opened): Response {
    const { by } = access.standing(client, request.headers, cookie(), false);
    return by === "session" ? redirect("/") : loginAnswer(200);
  }

  function enterByLink(opened: Opened): Response {
    const entry = access.enterByToken(opened.client, opened.query.get("token") ?? "");
    return entryAnswer(entry, opened.client);
  }

  async function enterByForm(opened: Opened): Promise<Response> {
    const { request, client } = opened;
    if (request.method !== "POST") return methodAnswer("GET, HEAD, POST");
    // A form cannot carry our header. Where a browser says nothing of where it comes from, it is not one of today.
    const site = request.headers.get("sec-fetch-site");
    if (!isSameOrigin(request.headers) || (site !== null && site !== "same-origin")) {
      return refusal(403, "not for pages of other sites");
    }
    const form = await readForm(request);
    return entryAnswer(await access.enterByWord(client, form.get("word") ?? ""), client);
  }

  function entryAnswer(entry: Entry, client: Client): Response {
    if (entry === "busy") return loginAnswer(503, "Too many are trying. Wait a moment.", { "retry-after": "2" });
    if (entry === "wrong") return loginAnswer(401, "That is not it.");
    if ("waitMs" in entry) {
      const seconds = `${Math.ceil(entry.waitMs / 1000)}`;
      return loginAnswer(429, `Too many wrong attempts. Wait ${seconds} s.`, { "retry-after": seconds });
    }
    const age = Math.floor(access.sessions.maxAgeMs / 1000);
    return redirect("/", { "set-cookie": `${cookie()}=${entry.session}; ${cookieWords(client, age)}` });
  }

  function loginAnswer(code: number, message = "", more: Record<string, string> = {}): Response {
    return answer(code, HTML, loginPage({ hasPassword: access.hasPassword, message }), more);
  }

  /**
   * A strict cookie is not sent with what began as a link of another site's page, a mail's or that of the token too, nor when
   * such a page is loaded again. Our own page then asks at `/login`, with the cookie where there is one.
   */
  function strangerAnswer(path: string): Response {
    if (path === "/") return answer(401, HTML, loginPage({ hasPassword: access.hasPassword, asksAgain: true }));
    const hint =
      "open the link with the token that tenk printed at its first start, or send Authorization: Bearer TOKEN";
    return refusal(401, "not without the token", hint, { "www-authenticate": 'Bearer realm="tenk"' });
  }

  return async (arrived) => {
    try {
      return await pass(arrived);
    } catch (error) {
      // Whoever goes in the middle of a request reads no answer, and writes nothing into our log.
      if (arrived.request.signal.aborted) return answer(400, TEXT, "gone\n");
      if (error instanceof TenkError && WRONG_WORDS.has(error.code)) return refusal(400, error.message, error.hint);
      sayFailure(error);
      return refusal(500, "it failed; the log says why");
    }
  };
}

function cookieWords({ isSecure }: Client, ageSeconds: number): string {
  return `HttpOnly; SameSite=Strict; Path=/; Max-Age=${ageSeconds}${isSecure ? "; Secure" : ""}`;
}

/** What the one who asked can mend. */
const WRONG_WORDS: ReadonlySet<string> = new Set(["usage", "invalid-option"]);

async function serveRoute(route: Route, visit: Visit): Promise<Response> {
  const { request, standing } = visit;
  if (request.method === "GET" || request.method === "HEAD") {
    return route.get === undefined ? methodAnswer("POST") : route.get(visit);
  }
  if (request.method !== "POST" || route.post === undefined) {
    return methodAnswer([route.get && "GET, HEAD", route.post && "POST"].filter(Boolean).join(", "));
  }
  if (standing.may !== "change")
    return refusal(403, "nothing is changed without the token", "see docs/configuration.md");
  const why = foreignness(request.headers, standing);
  if (why !== undefined) return refusal(403, `nothing is changed by this request: ${why}`);
  return route.post(visit);
}

/**
 * What other sites' pages load is not for them even where the address alone may look: images, scripts, event streams, frames.
 * No browser would show them a frame of ours, but by then it has cost us its answer. A link is followed.
 */
function isEmbedded(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== "cross-site" && site !== "same-site") return false;
  return headers.get("sec-fetch-mode") !== "navigate" || (headers.get("sec-fetch-dest") ?? "document") !== "document";
}

function waitAnswer(waitMs: number): Response {
  const seconds = `${Math.ceil(waitMs / 1000)}`;
  return refusal(429, "too many wrong attempts", `wait ${seconds} s`, { "retry-after": seconds });
}

function methodAnswer(allow: string): Response {
  return answer(405, TEXT, `only ${allow}\n`, { allow });
}

/** The runtime passes a request with an empty Host on, with a path for its URL; but such a Host is not ours. */
function partsOf(url: string): { path: string; query: URLSearchParams } {
  const { pathname, searchParams } = new URL(url);
  return { path: pathname, query: searchParams };
}

/** What failed is for the log, not for whoever asked; once a second at most. */
function failureSayer(log: Log): (error: unknown) => void {
  const say = occasionally<string>((count, error) => log.error("request failed", { error, count }));
  return (error) => say(error instanceof Error ? error.stack || error.message : String(error));
}
