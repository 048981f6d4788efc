import { z } from "zod";
import { inner, metaOf } from "../schema-path.ts";

/** A word of a variable's name, in lower case. */
export interface Word {
  readonly text: string;
  /** Another key begins here: it stands behind `__`. */
  readonly first: boolean;
  /** It belongs to the same key as the word before. Without `__` in the name nobody knows. */
  readonly glued: boolean;
}

/** Splits `TENK_TCP__MY_CHAT__LISTEN` into its words, without the prefix. */
export function wordsOf(variable: string): Word[] {
  const levels = variable.slice("TENK_".length).toLowerCase().split("__");
  const isStrict = levels.length > 1;
  return levels.flatMap((level) =>
    level.split("_").map((text, index) => ({ text, first: index === 0, glued: isStrict && index > 0 })),
  );
}

type Path = readonly string[];

/**
 * Returns every setting that a variable's words can mean. Names are compared by their letters and digits alone, so that `max_body`
 * and `maxbody` are `maxBody`. In a section of names those that are `declared` come first; only where none of them fits it may
 * be a new one.
 */
export function meanings(schema: unknown, words: readonly Word[], declared: unknown, path: Path = []): Path[] {
  if (words.length === 0) return [path];
  const at = inner(schema);
  const below = (name: string, next: unknown, taken: number) =>
    meanings(next, words.slice(taken), entryOf(declared, name), [...path, name]);
  if (at instanceof z.ZodObject)
    return Object.entries(at.shape).flatMap(([key, next]) => {
      const taken = wordsTaken(key, words);
      return taken === 0 ? [] : below(key, next, taken);
    });
  if (!(at instanceof z.ZodRecord)) return [];
  const known = namesOf(declared).flatMap((name) => {
    const taken = wordsTaken(name, words);
    return taken === 0 ? [] : below(name, at.valueType, taken);
  });
  return known.length > 0 ? known : newNames(at, words, below);
}

type Below = (name: string, next: unknown, taken: number) => Path[];

/** A new name of one word or more; one that takes all words only where nothing else fits: it is then a section's short form. */
function newNames(record: z.ZodRecord, words: readonly Word[], below: Below): Path[] {
  const fits: Path[] = [];
  for (let taken = 1; taken < words.length && (taken === 1 || !words[taken - 1]!.first); taken++) {
    const name = nameOf(words.slice(0, taken));
    if (!words[taken]!.glued && isName(record, name)) fits.push(...below(name, record.valueType, taken));
  }
  if (fits.length > 0) return fits;
  const whole = nameOf(words);
  const isOne = isPlain(record.valueType) && !words.slice(1).some(({ first }) => first) && isName(record, whole);
  return isOne ? below(whole, record.valueType, words.length) : [];
}

/** Returns whether a plain value can stand for what has a name: an address, or a section in its short form. */
function isPlain(schema: unknown): boolean {
  return !(inner(schema) instanceof z.ZodObject) || metaOf(schema, "short")?.key !== undefined;
}

function nameOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join("-");
}

function isName(record: z.ZodRecord, name: string): boolean {
  return (record.keyType as z.ZodType).safeParse(name).success;
}

/** Returns how many words a name takes; 0 where they are others. */
function wordsTaken(name: string, words: readonly Word[]): number {
  const letters = lettersOf(name);
  let text = "";
  for (const [index, word] of words.entries()) {
    if (index > 0 && word.first) return 0;
    text += lettersOf(word.text);
    if (text === letters && text !== "" && words[index + 1]?.glued !== true) return index + 1;
    if (!letters.startsWith(text)) return 0;
  }
  return 0;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function namesOf(value: unknown): string[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

function entryOf(value: unknown, name: string): unknown {
  return namesOf(value).includes(name) ? (value as Record<string, unknown>)[name] : undefined;
}
