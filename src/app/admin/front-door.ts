import { type Log, occasionally, TenkError } from "../../base/mod.ts";
import type { Access, Entry } from "./access.ts";
import { answer, json, redirect, refusal, TEXT } from "./answer.ts";
import { belowBase } from "./base-path.ts";
import { readForm } from "./body.ts";
import type { Client } from "./client.ts";
import { finished } from "./finish.ts";
import { isOurs } from "./host.ts";
import { loginPage } from "./login-page.ts";
import { csrfReason, forwardedHost, isEmbedded, isSameOrigin, OTHER_ORIGIN } from "./origin.ts";
import { basePathHint, Rejections } from "./rejections.ts";
import type { Site } from "./site.ts";
import type { Route, Routes, Visit } from "./visit.ts";

export interface FrontDoorOptions {
  readonly access: Access;
  readonly routes: Routes;
  /** What we are bound to. */
  readonly host: string;
  readonly site: () => Site;
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
  const { access, routes, host, site, cookie, log } = options;
  const sayFailure = failureSayer(log);
  const rejections = new Rejections(log);

  async function pass({ request, peer, stayOpen }: Arrived, path: string | undefined): Promise<Response> {
    const { headers, method } = request;
    const client = access.client(peer, headers);
    const asked = (client.proxy === "trusted" ? forwardedHost(headers) : undefined) ?? headers.get("host") ?? "";
    if (!isOurs(asked, host, site().names)) return rejections.unknownHost(asked, peer);
    const query = new URL(request.url).searchParams;
    const isReading = method === "GET" || method === "HEAD";
    if (path === undefined) return redirect(`./${site().basePath.split("/").at(-2)}/`);
    const opened: Opened = { request, path, query, client, stayOpen };
    if (isReading && path === "/" && query.has("token")) return enterByLink(opened);
    if (path === "/login") return isReading ? loginForm(opened) : enterByForm(opened, peer);

    const route = path === "/logout" ? logout : routes(path);
    const standing = access.standing(opened.client, headers, cookie(), route?.isScrape ?? false);
    if (route?.isPublic !== true) {
      if (standing.waitMs > 0) return waitAnswer(standing.waitMs);
      if (standing.may === "nothing") return strangerAnswer(path);
      if (isReading && isEmbedded(headers, site())) return refusal(403, CROSS_SITE);
    }
    if (route === undefined) return refusal(404, `nothing is at ${path.slice(0, 100)}`, basePathHint(path));
    const ending = () => (standing.by === "session" ? access.ending(headers, cookie()) : undefined);
    return serveRoute(route, { ...opened, standing, ending }, peer);
  }

  async function serveRoute(route: Route, visit: Visit, peer: string): Promise<Response> {
    const { request, standing, client } = visit;
    if (request.method === "GET" || request.method === "HEAD") {
      return route.get === undefined ? methodAnswer("POST") : route.get(visit);
    }
    if (request.method !== "POST" || route.post === undefined) {
      return methodAnswer([route.get && "GET, HEAD", route.post && "POST"].filter(Boolean).join(", "));
    }
    if (standing.may !== "change")
      return refusal(403, "nothing is changed without the token", "see docs/configuration.md");
    const why = csrfReason(request.headers, client, standing, site());
    if (why === OTHER_ORIGIN) return rejections.otherOrigin(request.headers, peer);
    if (why !== undefined) return refusal(403, `nothing is changed by this request: ${why}`);
    return route.post(visit);
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
    return by === "session" ? redirect("./") : loginAnswer(200);
  }

  function enterByLink(opened: Opened): Response {
    const entry = access.enterByToken(opened.client, opened.query.get("token") ?? "");
    return entryAnswer(entry, opened.client);
  }

  async function enterByForm(opened: Opened, peer: string): Promise<Response> {
    const { request, client } = opened;
    const { headers } = request;
    if (request.method !== "POST") return methodAnswer("GET, HEAD, POST");
    // A form cannot carry our header. Where a browser says nothing of where it comes from, it is not one of today.
    const from = headers.get("sec-fetch-site");
    if (from !== null && from !== "same-origin") return refusal(403, CROSS_SITE);
    if (!isSameOrigin(headers, client, site())) return rejections.otherOrigin(headers, peer);
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
    return redirect("./", { "set-cookie": `${cookie()}=${entry.session}; ${cookieWords(client, age)}` });
  }

  function loginAnswer(code: number, message = "", headers: Record<string, string> = {}): Response {
    return loginPage({ code, hasPassword: access.hasPassword, message, headers });
  }

  /**
   * A strict cookie is not sent with what began as a link of another site's page, a mail's or that of the token too, nor when
   * such a page is loaded again. Our own page then asks at `/login`, with the cookie where there is one.
   */
  function strangerAnswer(path: string): Response {
    if (path === "/") return loginPage({ code: 401, hasPassword: access.hasPassword, asksAgain: true });
    const hint =
      basePathHint(path) ??
      "open the link with the token that tenk printed at its first start, or send Authorization: Bearer TOKEN";
    return refusal(401, "authentication required", hint, { "www-authenticate": 'Bearer realm="tenk"' });
  }

  async function answered(arrived: Arrived, path: string | undefined): Promise<Response> {
    try {
      return await pass(arrived, path);
    } catch (error) {
      // Whoever goes in the middle of a request reads no answer, and writes nothing into our log.
      if (arrived.request.signal.aborted) return answer(400, TEXT, "gone\n");
      if (error instanceof TenkError && WRONG_WORDS.has(error.code)) return refusal(400, error.message, error.hint);
      sayFailure(error);
      return refusal(500, "it failed; the log says why");
    }
  }

  return async (arrived) => {
    // The runtime passes a request with an empty Host on, with a path for its URL; but such a Host is not ours.
    const path = belowBase(pathOf(arrived.request.url), site().basePath);
    return finished(arrived.request, path ?? "/", await answered(arrived, path), site());
  };
}

const CROSS_SITE = "cross-site request refused";

/**
 * Without a path: a browser then takes the folder of the login page, which is right below any path that a proxy puts us at, and
 * keeps the boxes that one proxy serves below several paths apart.
 */
function cookieWords({ isSecure }: Client, ageSeconds: number): string {
  return `HttpOnly; SameSite=Strict; Max-Age=${ageSeconds}${isSecure ? "; Secure" : ""}`;
}

/** What the one who asked can mend. */
const WRONG_WORDS: ReadonlySet<string> = new Set(["usage", "invalid-option"]);

function waitAnswer(waitMs: number): Response {
  const seconds = `${Math.ceil(waitMs / 1000)}`;
  return refusal(429, "too many wrong attempts", `wait ${seconds} s`, { "retry-after": seconds });
}

function methodAnswer(allow: string): Response {
  return refusal(405, `only ${allow}`, undefined, { allow });
}

/** A proxy with a slash at one end only (`location /tenk { proxy_pass http://…/; }`) sends two of them. */
function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/^\/{2,}/, "/") : "/";
}

/** What failed is for the log, not for whoever asked; once a second at most. */
function failureSayer(log: Log): (error: unknown) => void {
  const say = occasionally<string>((count, error) => log.error("request failed", { error, count }));
  return (error) => say(error instanceof Error ? error.stack || error.message : String(error));
}
