/**
 * Turns the `@example` blocks of doc comments into programs.
 *
 * The rule: a block is self-contained TypeScript. It sees the exports of its file and of its folder's mod.ts, and may import
 * from "tenk". A statement with a comment behind its semicolon promises that value:
 *
 *     parseCount("1.5k"); // 1500
 *     const rate = parseRate("10"); // 10
 *     name(); // "file:///…/main.ts"     … matches anything
 *     parseCount("1.5x"); // throws "usage"     the error's code, or part of its message
 *
 * A comment that is not a JavaScript expression is prose and promises nothing. Every block is compiled with strict options.
 * Only blocks with a promise are run, so a block without one may open ports or wait.
 */
import { inspect, isDeepStrictEqual } from "node:util";

/** One block, with its place. */
export interface Example {
  /** Relative to the repository's root. */
  path: string;
  /** Of the block's first line, from 1. */
  line: number;
  code: string;
}

/** Returns the blocks of a file: the text after `@example`, and ```ts fences elsewhere in a doc comment. */
export function examplesOf(path: string, text: string): Example[] {
  return [...text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap((comment) => {
    const lines = comment[0].replace(/\s*\*\/$/, "").split("\n");
    const firstLine = text.slice(0, comment.index).split("\n").length;
    const isStart = /^\s*(?:\/\*)?\* ?(?:@example\b|```ts$)/;
    const isEnd = /^\s*\* ?(?:@\w|```$)/;
    const examples: Example[] = [];
    for (let index = 0; index < lines.length; index++) {
      if (!isStart.test(lines[index]!)) continue;
      const from = isStart.test(lines[index + 1] ?? "") ? index + 2 : index + 1;
      const end = lines.findIndex((line, at) => at >= from && isEnd.test(line));
      const code = lines.slice(from, end < 0 ? undefined : end).map((line) => line.replace(/^\s*\* ?/, ""));
      examples.push({ path, line: firstLine + from, code: code.join("\n") });
      index = from;
    }
    return examples;
  });
}

/** A statement at the end of a line, and the comment behind it. */
interface Step {
  code: string;
  promise: string | undefined;
}

/** Splits code into statements, which end where a line ends with a semicolon, or with one and a comment. */
export function stepsOf(code: string): Step[] {
  const steps: Step[] = [];
  let lines: string[] = [];
  for (const line of code.split("\n")) {
    const [, before, comment] = /^(.*;)\s*\/\/ (.*)$/.exec(line) ?? [];
    lines.push(before ?? line);
    if (before === undefined && !line.trimEnd().endsWith(";")) continue;
    steps.push({ code: lines.join("\n"), promise: comment !== undefined && isPromise(comment) ? comment : undefined });
    lines = [];
  }
  if (lines.join("").trim() !== "") steps.push({ code: lines.join("\n"), promise: undefined });
  return steps;
}

function isPromise(comment: string): boolean {
  if (/^throws\s+["']/.test(comment)) return true;
  try {
    new Function(`return (${comment});`)();
    return true;
  } catch {
    return false;
  }
}

/** True when a block promises a value, and so is run. */
export function hasPromise(example: Example): boolean {
  return stepsOf(example.code).some((step) => step.promise !== undefined);
}

/**
 * The program of one block: its statements, and a call of `check` for each promise.
 *
 * @param modules where names come from, by path: the first that exports one gives it
 */
export function programOf(example: Example, modules: ReadonlyMap<string, readonly string[]>): string {
  const taken = new Set<string>();
  const imports = [...modules].map(([path, exported]) => {
    const names = exported.filter((name) => name !== "default" && !taken.has(name) && usesForeign(example.code, name));
    for (const name of names) taken.add(name);
    return `import { ${names.join(", ")} } from ${JSON.stringify(path)};`;
  });
  return [
    ...imports,
    `import { check as $check } from ${JSON.stringify(import.meta.filename)};`,
    ...stepsOf(example.code).map(stepText),
    "void $check;",
  ].join("\n");
}

/** Whether the code uses the name without importing it. */
function usesForeign(code: string, name: string): boolean {
  const imports = new RegExp(`\\bimport\\b[^;]*\\b${name}\\b[^;]*\\bfrom\\b`);
  return new RegExp(`\\b${name}\\b`).test(code) && !imports.test(code);
}

function stepText({ code, promise }: Step): string {
  if (promise === undefined) return code;
  const expected = JSON.stringify(promise);
  const [, name] = /^\s*(?:const|let)\s+(\w+)\b/.exec(code) ?? [];
  if (name !== undefined) return `${code}\nawait $check(${expected}, () => ${name});`;
  return `await $check(${expected}, async () => (${code.trim().replace(/;$/, "")}));`;
}

/** Throws unless the value is the promised one. */
export async function check(promise: string, actual: () => unknown): Promise<void> {
  const [, error] = /^throws\s+["'](.*)["']/.exec(promise) ?? [];
  if (error !== undefined) return checkThrows(error, actual);
  const [expected, found] = [new Function(`return (${promise});`)(), await actual()];
  if (!matches(expected, found)) throw new Error(`promises ${inspect(expected)}, gives ${inspect(found)}`);
}

function matches(expected: unknown, found: unknown): boolean {
  if (typeof expected !== "string" || typeof found !== "string") return isDeepStrictEqual(expected, found);
  const [first = "", ...others] = expected.split("…");
  if (others.length === 0) return expected === found;
  return found.startsWith(first) && others.every((part) => found.includes(part)) && found.endsWith(others.at(-1)!);
}

async function checkThrows(expected: string, actual: () => unknown): Promise<void> {
  try {
    await actual();
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (code === expected || message?.includes(expected)) return;
    throw new Error(`promises an error "${expected}", throws ${inspect(error)}`);
  }
  throw new Error(`promises an error "${expected}", throws nothing`);
}
