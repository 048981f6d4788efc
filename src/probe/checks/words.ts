import { messageOf, TenkError } from "../../base/mod.ts";

/** Returns why a service did not answer, in words that say what to look at. */
export function failureWords(error: unknown, where: string, timeoutMs: number): string {
  const code = error instanceof TenkError ? error.code : undefined;
  if (code === "connect-refused") return `nothing listens on ${where}: is it running?`;
  if (code === "connect-timeout" || code === "request-timeout")
    return `no answer from ${where} within ${timeoutMs / 1000} s: is its machine on, and does a firewall let us through?`;
  if (code === "name-not-found") return `the name of ${where} is not known: is it spelled so in DNS?`;
  if (code === "descriptors-exhausted") return "this machine has no free descriptor to ask with";
  return messageOf(error);
}
