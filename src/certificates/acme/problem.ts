import { printable } from "./text.ts";

/** An error that a CA reports (RFC 9457, RFC 8555 §6.7): all of its texts are foreign, and made printable here. */
export interface Problem {
  /** Without `urn:ietf:params:acme:error:`: `rateLimited`, `unauthorized`, `caa`. */
  readonly type: string;
  readonly detail: string;
  /** The name that it is about. */
  readonly identifier: string | undefined;
  readonly subproblems: readonly Problem[];
}

const ACME_PREFIX = "urn:ietf:params:acme:error:";
/** A certificate for a hundred names may have as many; people read the first ones. */
const MAX_SUBPROBLEMS = 10;

/** Reads a problem document. Whatever is missing or of a wrong type is left empty. */
export function problemOf(value: unknown, maxDepth = 1): Problem | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { type, detail, title, identifier, subproblems } = value as Record<string, unknown>;
  const given = typeof type === "string" ? type : "";
  const text = typeof detail === "string" ? detail : typeof title === "string" ? title : "";
  if (given === "" && text === "") return undefined;
  const name = (identifier as { value?: unknown } | null | undefined)?.value;
  const list = Array.isArray(subproblems) && maxDepth > 0 ? subproblems.slice(0, MAX_SUBPROBLEMS) : [];
  return {
    type: printable(given.startsWith(ACME_PREFIX) ? given.slice(ACME_PREFIX.length) : given, 100),
    detail: printable(text),
    identifier: typeof name === "string" ? printable(name, 255) : undefined,
    subproblems: list.flatMap((each) => problemOf(each, maxDepth - 1) ?? []),
  };
}

/** `unauthorized: 192.0.2.1: Invalid response from … [a.example.org: …]` */
export function problemText(problem: Problem): string {
  const own = [problem.type, problem.detail].filter((part) => part !== "").join(": ");
  if (problem.subproblems.length === 0) return own;
  const others = problem.subproblems.map((sub) => `${sub.identifier ?? "?"}: ${problemText(sub)}`);
  return `${own} [${others.join("; ")}]`;
}
