import { RegexError, type RegexNode } from "./parse-regex.ts";
import type { SymbolSet } from "./symbol-set.ts";

export const MATCH = 0;
export const SET = 1;
export const SPLIT = 2;
export const START = 3;
export const END = 4;

/**
 * A nondeterministic automaton of several expressions (Thompson's construction), as three lists of numbers: what an instruction
 * does, its argument (the expression of MATCH, the set of SET, the other way of SPLIT), and where it goes on.
 */
export class Nfa {
  readonly ops: number[] = [];
  readonly args: number[] = [];
  readonly nexts: number[] = [];
  readonly sets: SymbolSet[] = [];
  /** First instruction of each expression. */
  readonly starts: number[] = [];
  readonly #setNumbers = new Map<string, number>();
  readonly #maxInstructions: number;

  /** `maxInstructions` is the limit for one expression. */
  constructor(maxInstructions: number) {
    this.#maxInstructions = maxInstructions;
  }

  /**
   * Adds an expression.
   *
   * @throws {RegexError} if it is too large; then nothing was added
   */
  add(node: RegexNode, expression: number): void {
    const before = this.ops.length;
    try {
      const end = this.#emit(MATCH, expression, -1, before);
      this.starts.push(this.#compile(node, end, before));
    } catch (error) {
      this.ops.length = this.args.length = this.nexts.length = before;
      throw error;
    }
  }

  /** Compiles backwards: returns where the node starts, given where to go on behind it. */
  #compile(node: RegexNode, next: number, first: number): number {
    if (node.kind === "set") return this.#emit(SET, this.#setNumber(node.set), next, first);
    if (node.kind === "start") return this.#emit(START, 0, next, first);
    if (node.kind === "end") return this.#emit(END, 0, next, first);
    if (node.kind === "sequence") return node.parts.reduceRight((to, part) => this.#compile(part, to, first), next);
    if (node.kind === "choice") {
      const ways = node.parts.map((part) => this.#compile(part, next, first));
      return ways.reduceRight((other, way) => this.#emit(SPLIT, other, way, first));
    }
    return this.#repeat(node, next, first);
  }

  #repeat({ part, min, max }: RegexNode & { kind: "repeat" }, next: number, first: number): number {
    let to = next;
    if (max === Number.POSITIVE_INFINITY) {
      to = this.#emit(SPLIT, next, next, first);
      this.nexts[to] = this.#compile(part, to, first);
    } else
      for (let count = min; count < max; count++) to = this.#emit(SPLIT, next, this.#compile(part, to, first), first);
    for (let count = 0; count < min; count++) to = this.#compile(part, to, first);
    return to;
  }

  #emit(op: number, arg: number, next: number, first: number): number {
    if (this.ops.length - first >= this.#maxInstructions) {
      throw new RegexError(`it is too large: expected up to ${this.#maxInstructions} steps`);
    }
    this.args.push(arg);
    this.nexts.push(next);
    return this.ops.push(op) - 1;
  }

  #setNumber(set: SymbolSet): number {
    const key = set.join();
    const known = this.#setNumbers.get(key);
    if (known !== undefined) return known;
    this.#setNumbers.set(key, this.sets.length);
    return this.sets.push(set) - 1;
  }
}
