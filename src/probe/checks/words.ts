import { messageOf, systemCodeOf, TenkError } from "../../base/mod.ts";
import { printable } from "../../wire/mod.ts";
import type { Outcome } from "../health/mod.ts";
import { refusedCertificate } from "./certificate-words.ts";

/** Returns why a service did not answer, in words that say what to look at. */
export function failureWords(error: unknown, where: string, timeoutMs: number): string {
  const code = error instanceof TenkError ? error.code : undefined;
  if (code === "connect-refused") return `nothing listens on ${where}: is it running?`;
  if (code === "connect-timeout" || code === "request-timeout")
    return `no answer from ${where} within ${timeoutMs / 1000} s: is its machine on, and does a firewall let us through?`;
  if (code === "name-not-found") return `the name of ${where} is not known: is it spelled so in DNS?`;
  if (code === "descriptors-exhausted") return "this machine has no free descriptor to ask with";
  if (code === "permission-denied")
    return `the name of ${where} leads to a link-local or unassigned address: write the address itself, if you mean it`;
  // Parts of it may be the other side's. Which service it is about is known already.
  return messageOf(error)
    .replace(/^Request to \S+ failed: /, "")
    .match(/.{1,100}/gsu)!
    .slice(0, 4)
    .map(printable)
    .join("");
}

/** Returns the outcome of a service that could not be asked. How long a certificate lasts is known even where it was refused. */
export function failedOutcome(error: unknown, where: string, timeoutMs: number, nowMs = Date.now()): Outcome {
  const refused = refusedCertificate(error, nowMs);
  if (refused === undefined) return { result: "down", facts: {}, reason: failureWords(error, where, timeoutMs) };
  return { result: "down", facts: { certificateUntilMs: refused.untilMs }, reason: refused.reason };
}

/** @example withPort("::1", 53); // "[::1]:53" */
export function withPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Returns what a promise gives; undefined if it fails, or gives nothing in time. What it began goes on. */
export async function inTime<Value>(promise: Promise<Value>, timeoutMs: number): Promise<Value | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([promise.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the system's code of what caused an error, such as `EACCES`. */
export function causeCodeOf(error: unknown): string | undefined {
  return systemCodeOf((error as { cause?: unknown } | null | undefined)?.cause);
}
