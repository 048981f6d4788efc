/** Directives with which Caddy itself answers. All return undefined, and say why, where they cannot be carried over. */
import type { Directive } from "./directives.ts";
import { withLongPlaceholders } from "./placeholders.ts";
import type { Report, Scope } from "./scope.ts";

const UNKNOWN_PLACEHOLDER = "not carried over: it has a placeholder that tenk does not know";

/** `respond [body|status] [status]`. */
export function respondOf(from: Directive, args: readonly string[], report: Report): object | undefined {
  const isStatus = (text: string | undefined) => /^\d{3}$/.test(text ?? "");
  const [first, second] = args;
  const status = args.length === 1 && isStatus(first) ? first : second;
  const bodies = (from.block ?? []).filter(({ name }) => name === "body").map((each) => each.args[0]);
  const body = withLongPlaceholders((status === first ? undefined : first) ?? bodies[0] ?? "");
  if (body === undefined) return refuse(from, UNKNOWN_PLACEHOLDER, report);
  if (status !== undefined && !isStatus(status)) return refuse(from, `not carried over: its status ${status}`, report);
  const code = status === undefined ? 200 : Number(status);
  if (code === 200 && body !== "") return { respond: body };
  return { respond: { status: code, ...(body !== "" && { body }) } };
}

/** `redir to [code]`. */
export function redirectOf(
  from: Directive,
  [to = "", code = "302"]: readonly string[],
  report: Report,
): object | undefined {
  const status = code === "permanent" ? 301 : code === "temporary" ? 302 : Number(code);
  const target = withLongPlaceholders(to);
  if (target === undefined) return refuse(from, UNKNOWN_PLACEHOLDER, report);
  if (![301, 302, 303, 307, 308].includes(status)) return refuse(from, `not carried over: its status ${code}`, report);
  return { redirect: { to: target, status } };
}

/** `file_server [browse]`, with what `root` and `try_files` said. */
export function filesOf(from: Directive, args: readonly string[], scope: Scope, report: Report): object | undefined {
  if (scope.noFiles !== undefined) {
    return refuse(from, `not carried over, as ${scope.noFiles} is not: it would show the source of files`, report);
  }
  let folder = scope.root ?? ".";
  const more: Record<string, unknown> = scope.fallback === undefined ? {} : { fallback: scope.fallback };
  if (args.includes("browse")) report.add(from, "browse not carried over: folders are not listed");
  for (const line of from.block ?? []) {
    if (line.name === "root" && line.args[0] !== undefined) folder = line.args[0];
    else if (line.name === "index" && line.args.length > 0) more.index = line.args;
    else if (line.name === "hide") return refuse(from, "not carried over: files that it hides would be shown", report);
    else if (line.name !== "precompressed") report.add(line, "not carried over");
  }
  if (/[{}]/.test(folder)) return refuse(from, "not carried over: its root has a placeholder", report);
  return { root: Object.keys(more).length === 0 ? folder : { folder, ...more } };
}

/** `try_files {path} /index.html`: the last one is the file for all that do not exist. */
export function fallbackOf(from: Directive, args: readonly string[], report: Report): string | undefined {
  const others = args
    .slice(0, -1)
    .filter((each) => !["{path}", "{path}/", "{file}", "{http.request.uri.path}"].includes(each));
  const last = args.at(-1)?.replace(/\?\{query\}$/, "") ?? "";
  if (others.length === 0 && /^\/[^{}?*]+$/.test(last)) return last;
  if (others.length === 0 && /^(=404|\{path\}\/?)$/.test(last)) return undefined;
  report.add(from, "not carried over: only a fallback is, such as try_files {path} /index.html");
  return undefined;
}

function refuse(from: Directive, why: string, report: Report): undefined {
  report.add(from, why);
  return undefined;
}
