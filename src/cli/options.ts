import { Option } from "commander";
import { messageOf, TenkError } from "../base/mod.ts";

/** Returns an option whose value `parse` reads; its errors get the option's name in front. */
export function valueOption(flags: string, description: string, parse: (text: string) => unknown): Option {
  return new Option(flags, description).argParser((text: string) => read(flags, text, parse));
}

/** Like `valueOption`, but may be given several times; its value is a list. */
export function listOption(flags: string, description: string, parse: (text: string) => unknown): Option {
  return new Option(flags, description).argParser((text: string, before: unknown) => [
    ...(Array.isArray(before) ? before : []),
    read(flags, text, parse),
  ]);
}

function read(flags: string, text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch (error) {
    const name = flags.replace(/ [<[].*$/, "");
    const hint = error instanceof TenkError && error.hint ? { hint: error.hint } : {};
    throw new TenkError("usage", `${name}: ${messageOf(error)}`, hint);
  }
}

/**
 * Returns a parser for one of a closed set of words.
 *
 * @throws {TenkError} `usage`
 */
export function oneOf<const Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw new TenkError("usage", `Cannot use "${text}": expected one of ${words.join(", ")}`);
  };
}

/** @throws {TenkError} `usage` */
export function parseWorkers(text: string): number | "auto" {
  if (text === "auto") return text;
  const workers = Number(text);
  if (Number.isInteger(workers) && workers >= 1 && workers <= 256) return workers;
  throw new TenkError("usage", `Cannot use "${text}": expected auto or a number from 1 to 256`);
}

/** Formats `Examples:` for the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}

/** Formats names below a title, as many on a line as fit into 80 columns. */
export function namesHelp(title: string, names: readonly string[]): string {
  const lines = [""];
  for (const name of names) {
    const line = lines.at(-1)!;
    if (line.length + name.length > 76) lines.push(name);
    else lines[lines.length - 1] = line === "" ? name : `${line}, ${name}`;
  }
  return `\n${title}\n${lines.map((line) => `  ${line}`).join(",\n")}`;
}
