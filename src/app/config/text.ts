import { closeSync, openSync, readSync } from "node:fs";
import { type Document, isAlias, isScalar, LineCounter, type Node, parseDocument, visit, type YAMLError } from "yaml";
import { fileProblemOf, messageOf, TenkError } from "../../base/mod.ts";

/** Thousands of listeners take less. A longer file was named by mistake, and would take minutes to parse. */
const MAX_BYTES = 4 * 2 ** 20;
/** Aliases of aliases multiply: ten lines can stand for a thousand million values. */
const MAX_ALIASES = 1000;
/** One bracket too many makes an error of every following line. */
const MAX_PROBLEMS = 20;

/** The values of a YAML text, and their positions. */
export interface ConfigText {
  readonly raw: unknown;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * Reads a file, or a pipe.
 *
 * @throws {TenkError} `file-unreadable`, or `config` when it is too long or no UTF-8 text
 */
export function readConfigText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = startOf(file, MAX_BYTES + 1);
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot read the configuration ${file}: ${fileProblemOf(error)}`, {
      cause: error,
      hint: "without --config every setting has its default value",
    });
  }
  if (bytes.length > MAX_BYTES) throw new TenkError("config", `${file}: expected at most 4 MiB of text, found more`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TenkError("config", `${file}: expected UTF-8 text, found other bytes`);
  }
}

function startOf(file: string, most: number): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    const parts: Uint8Array[] = [];
    for (let left = most; left > 0; ) {
      const part = new Uint8Array(Math.min(left, 65_536));
      const length = readSync(descriptor, part, 0, part.length, null);
      if (length === 0) break;
      parts.push(part.subarray(0, length));
      left -= length;
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Parses YAML, or JSON. Stricter than YAML: tags (`!include`), duplicate keys and unknown aliases are errors.
 *
 * @param file for the messages
 * @throws {TenkError} `config`
 */
export function parseConfigText(text: string, file: string): ConfigText {
  const lines = new LineCounter();
  // At level "error" the parser does not print its warnings; they are reported below.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: "error" });
  const line = (offset: number) => `${file}:${lines.linePos(offset).line}:`;
  const problems = [...document.errors, ...document.warnings].map(
    (error) => `${line(error.pos[0])} ${messageFor(error)}`,
  );
  visit(document, {
    Alias(_, node, around) {
      const meant = node.resolve(document);
      const at = `${line(node.range?.[0] ?? 0)} *${node.source}:`;
      if (meant === undefined) problems.push(`${at} expected &${node.source} before it, found none`);
      else if (around.includes(meant)) problems.push(`${at} it stands within &${node.source} itself`);
    },
    Pair(_, { key }) {
      // Assigning it would set the object's prototype.
      const name = isAlias(key) ? key.resolve(document) : key;
      if (isScalar(name) && name.value === "__proto__") {
        problems.push(`${line((key as Node).range?.[0] ?? 0)} __proto__: unknown key`);
      }
    },
  });
  if (problems.length > 0) throw new TenkError("config", problems.slice(0, MAX_PROBLEMS).join("\n"));
  try {
    return { raw: document.toJS({ maxAliasCount: MAX_ALIASES }), document, lines };
  } catch (error) {
    const isTooMany = messageOf(error).startsWith("Excessive alias count");
    const why = isTooMany ? `expected at most ${MAX_ALIASES} uses of an alias, found more` : messageOf(error);
    throw new TenkError("config", `${file}: ${why}`, { cause: error });
  }
}

/** Rewrites the parser's messages that are meant for programmers. */
function messageFor({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") return "expected one document, found another one behind ---";
  return message;
}
