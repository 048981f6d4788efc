import { readFileSync } from "node:fs";
import { messageOf, nearest, TenkError } from "../../base/mod.ts";
import { libraryExports } from "./library.ts";
import { codeFrame, type Place, placeOfError, shownFile } from "./place.ts";

/** The error of the runtime's parser: it is no `Error`, and has the place in fields of its own. */
interface BuildMessage {
  readonly message: string;
  readonly position: Place | null;
}

/** Returns why a module could not be loaded, for its author: file, line and the code around it. */
export async function moduleError(thrown: unknown, file: string, hint?: string): Promise<TenkError> {
  const missing = /^Export named '(.+)' not found in module 'tenk'/.exec(textOf(thrown))?.[1];
  if (missing === undefined) return parseError(thrown, file, hint === undefined ? {} : { hint });
  const near = nearest(missing, Object.keys(await libraryExports()));
  return parseError(thrown, file, near === undefined ? {} : { hint: `did you mean ${near}?` });
}

/** Returns the `moduleError` of a parser's error, without waiting. */
export function parseError(thrown: unknown, file: string, options: { hint?: string } = {}): TenkError {
  if (thrown instanceof TenkError && placeOfError(thrown) === undefined) return thrown;
  const first = thrown instanceof AggregateError ? (thrown.errors[0] as unknown) : thrown;
  const message = textOf(first).replace(/\?v=\d+/g, "");
  const place = placeIn(first, message, file);
  const where = place === undefined ? "" : `\n${codeFrame(place)}`;
  const text = `Cannot load ${shownFile(file)}: ${message}${where}`;
  const hint = options.hint ?? (first instanceof TenkError ? first.hint : undefined);
  return new TenkError("invalid-option", text, { cause: thrown, ...(hint === undefined ? {} : { hint }) });
}

function textOf(thrown: unknown): string {
  const message = (thrown as { message?: unknown } | null)?.message;
  return typeof message === "string" ? message : messageOf(thrown);
}

function placeIn(thrown: unknown, message: string, file: string): Place | undefined {
  const position = (thrown as Partial<BuildMessage> | null)?.position;
  if (position && position.line > 0) return position;
  const module = /^Cannot find (?:module|package) ['"](.+?)['"](?: (?:imported )?from ['"]?(\/[^'"]+))?/.exec(message);
  if (module) return placeOfText(module[2] ?? file, module[1]!);
  const name = /^Export named '(.+?)' not found in module '(.+?)'/.exec(message);
  if (name) return placeOfText(file, name[1]!);
  return placeOfError(thrown);
}

/** Returns the first place in a file that has a name as a whole word. */
export function placeOfText(file: string, name: string): Place | undefined {
  try {
    const word = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const lines = readFileSync(file, "utf8").split("\n");
    for (const [index, line] of lines.entries()) {
      const at = new RegExp(`(?<![\\w$])${word}(?![\\w$])`).exec(line)?.index;
      if (at !== undefined) return { file, line: index + 1, column: at + 1 };
    }
  } catch {
    // The file cannot be read, so there is no place to name.
  }
  return undefined;
}
