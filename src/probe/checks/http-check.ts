import type { HttpResponse } from "../../http/mod.ts";
import { printable } from "../../wire/mod.ts";
import type { Facts, Outcome } from "../health/mod.ts";
import { certificateProblem } from "./certificate-words.ts";
import type { Application } from "./http-applications.ts";
import { readBody } from "./http-body.ts";
import { type HttpExpectations, headerOf, parseJson, unexpected } from "./http-expectations.ts";
import { ask, type HttpRequest } from "./http-request.ts";
import { valueAt } from "./json-path.ts";
import { failedOutcome } from "./words.ts";

export interface HttpCheck extends HttpRequest {
  /** An answer that takes longer is slow. */
  readonly slowMs: number;
  /** A certificate that is over sooner is about to expire. */
  readonly certificateDays: number;
  /** Statuses that are fine, or their classes. @default {those of `application`, else below 500} */
  readonly status?: readonly string[];
  /** What the answer must be beside its status. */
  readonly expected?: HttpExpectations;
  /** What is known of the application that is asked, at its own path. */
  readonly application?: Application;
  readonly nowMs?: () => number;
}

/**
 * Asks a service by HTTP. A redirect counts as an answer unless `maxRedirects` says more. Without further knowledge a status below 500 means
 * that the server works; 401 and 403 mean that it requires authentication.
 */
export async function checkHttp(check: HttpCheck): Promise<Outcome> {
  try {
    return outcomeOf(await ask(check), check);
  } catch (error) {
    return failedOutcome(error, check.url, check.timeoutMs);
  }
}

function outcomeOf(response: HttpResponse, check: HttpCheck): Outcome {
  const { expected = {}, application, slowMs, certificateDays, maxBodyBytes, nowMs = Date.now } = check;
  const { headMs: latencyMs, tls } = response;
  const until = tls?.peer?.validTo.getTime();
  const facts: Facts = { latencyMs, ...(until !== undefined && { certificateUntilMs: until }) };
  const refused = statusProblem(response, check, facts);
  if (refused !== undefined) return refused;
  // What an application tells only to whom it knows cannot be expected of a refusal.
  const known = application !== undefined && !isRefusal(response.status) ? application : {};
  const wanted = { ...known, ...(application?.header && { header: application.header }), ...expected };
  const reason = unexpected(response, wanted, maxBodyBytes);
  if (reason !== undefined) return { result: "down", facts, reason };
  const version = application && versionOf(response, application, maxBodyBytes);
  const told: Facts = version === undefined ? facts : { ...facts, version };
  if (latencyMs > slowMs) return { result: "degraded", facts: told, reason: `slow: ${Math.round(latencyMs)} ms` };
  const expiring = certificateProblem(until, certificateDays, nowMs());
  return expiring === undefined ? { result: "up", facts: told } : { result: "degraded", facts: told, reason: expiring };
}

function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}

/** Returns the outcome where the status alone decides. */
function statusProblem(response: HttpResponse, check: HttpCheck, facts: Facts): Outcome | undefined {
  const { status } = response;
  const { application, authorization } = check;
  const answers = `it answers with status ${status}`;
  const fine = check.status ?? application?.status ?? (application && ["200"]);
  if (authorization !== undefined && isRefusal(status) && !matches(status, check.status ?? [])) {
    const reason = `${answers} and does not accept the probe's login: check the probe's user and password, or token`;
    return { result: "restricted", facts, reason };
  }
  if (fine === undefined ? status < 500 && !isRefusal(status) : matches(status, fine)) return undefined;
  if (matches(status, application?.starting ?? []))
    return { result: "starting", facts, reason: `${answers}: it is not ready yet` };
  if (isRefusal(status) && check.status === undefined)
    return { result: "restricted", facts, reason: `${answers}: it wants to know who asks` };
  if (fine === undefined) return { result: "down", facts, reason: answers };
  const to = status >= 300 && status < 400 ? headerOf(response, "location") : undefined;
  const where = to === undefined ? "" : ` and redirects to ${printable(to)}`;
  return { result: "down", facts, reason: `${answers}${where}, but ${fine.join(", ")} was expected` };
}

function matches(status: number, wanted: readonly string[]): boolean {
  return wanted.some((each) => each === `${status}` || each === `${Math.floor(status / 100)}xx`);
}

function versionOf(response: HttpResponse, { version }: Application, maxBodyBytes: number): string | undefined {
  if (version === undefined) return undefined;
  const found = versionText(response, version, maxBodyBytes);
  return typeof found === "string" && /^\s*v?\d/.test(found) ? printable(found.trim()).slice(0, 40) : undefined;
}

function versionText(response: HttpResponse, version: NonNullable<Application["version"]>, maxBodyBytes: number) {
  if (version === "body") return response.status === 200 ? readBody(response, maxBodyBytes).text : undefined;
  if ("header" in version) return headerOf(response, version.header);
  return valueAt(parseJson(readBody(response, maxBodyBytes).text), version.json);
}
