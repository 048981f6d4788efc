import { characterAt, writeUtf8 } from "./characters.ts";
import { parseRegex, type RegexNode, type RegexOptions } from "./regex-syntax.ts";
import { Scanner } from "./scanner.ts";

export type { RegexNode, RegexOptions } from "./regex-syntax.ts";

/**
 * Reads a regex that text is to be made from: literals, `.`, classes with ranges and negation, `\d \w \s \D \W \S`, groups,
 * alternation, `? * + {m} {m,} {m,n}`. What matches a place or refers back (`^ $ \b \1 (?=…)`) is refused.
 * Text for `.` and for negated classes is chosen from printable ASCII.
 *
 * @throws {TenkError} `usage`, with the place
 * @example
 * compileRegex("[a-f]{4}|ok").maxBytes; // 4
 */
export function compileRegex(regex: string, options: RegexOptions = {}): RegexNode {
  const scanner = new Scanner(regex, "the regex");
  const node = parseRegex(scanner, options);
  if (!scanner.atEnd) scanner.fail('a "}" ends no repetition', { hint: "write \\} for itself" });
  return node;
}

/**
 * Writes one random text, as UTF-8, and returns the offset behind it. Allocates nothing; the array must have room for
 * `node.maxBytes` more.
 *
 * @param random as Math.random: 0 ≤ value < 1, one call a choice
 */
export function writeRandomText(node: RegexNode, into: Uint8Array, offset: number, random: () => number): number {
  switch (node.kind) {
    case "set": {
      const index = node.size === 1 ? 0 : Math.floor(random() * node.size);
      return writeUtf8(into, offset, characterAt(node.ranges, index));
    }
    case "choice":
      return writeRandomText(node.items[Math.floor(random() * node.items.length)]!, into, offset, random);
    case "sequence": {
      let end = offset;
      for (let index = 0; index < node.items.length; index++) {
        end = writeRandomText(node.items[index]!, into, end, random);
      }
      return end;
    }
    case "repeat": {
      const spread = node.most - node.least;
      const times = node.least + (spread === 0 ? 0 : Math.floor(random() * (spread + 1)));
      let end = offset;
      for (let count = 0; count < times; count++) end = writeRandomText(node.item, into, end, random);
      return end;
    }
  }
}

/**
 * One random text as bytes of their own.
 *
 * @example
 * randomBytes(compileRegex("[a-z]{3}"), () => 0); // new Uint8Array([97, 97, 97])
 */
export function randomBytes(node: RegexNode, random: () => number): Uint8Array {
  const bytes = new Uint8Array(node.maxBytes);
  return bytes.slice(0, writeRandomText(node, bytes, 0, random));
}
