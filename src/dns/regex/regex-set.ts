import { END, MATCH, Nfa, SET, SPLIT, START } from "./nfa.ts";
import { parseRegex, RegexError } from "./parse-regex.ts";
import { classesOf, hasSymbol } from "./symbol-set.ts";

export interface RegexSetOptions {
  /** Most expressions. Default: 1000. */
  readonly maxExpressions?: number;
  /** Most steps that one expression may compile to. Default: 1000. */
  readonly maxInstructions?: number;
  /** Most steps of all expressions. Default: 30 000. */
  readonly maxAllInstructions?: number;
  /** Most states that are kept. When there are more, all are dropped and rebuilt as needed. Default: 2048. */
  readonly maxStates?: number;
  /** Most work for one name whose states are not known yet, in steps of the automaton. Default: 200 000. */
  readonly maxSteps?: number;
}

const DEFAULTS = {
  maxExpressions: 1000,
  maxInstructions: 1000,
  maxAllInstructions: 30_000,
  maxStates: 2048,
  maxSteps: 200_000,
};
/** Most threads of all states: 2 MiB. */
const MAX_THREADS = 1 << 19;
const FIRST_STATE = 1;

/**
 * Finds which of many regular expressions match a name, in one pass over it: a deterministic automaton of all of them, whose
 * states are made when a name first needs them and kept up to a limit. The time is linear in the length of the name, whatever the
 * expressions; the runtime's own may take exponential time.
 *
 *     const set = new RegexSet();
 *     set.add("^ad[0-9]+\\.", 0);
 *     set.begin();
 *     for (const byte of name) set.step(byte);
 *     set.end(); // set.matched[0 … set.matchCount)
 */
export class RegexSet {
  /** Expressions that matched, once each. */
  matched: Int32Array;
  matchCount = 0;
  /** Names that took more work than is allowed, and may have matched more. */
  overruns = 0;

  readonly #options: Required<RegexSetOptions>;
  readonly #nfa: Nfa;
  #isReady = false;
  #classOf: Uint8Array = new Uint8Array(0);
  #classCount = 0;
  /** One byte of each class. */
  #samples: number[] = [];
  /** State by state and class, 0 where unknown. */
  #transitions = new Int32Array(0);
  /** NFA threads of each state: instructions that read a byte, or wait for the end. */
  #threads: Int32Array[] = [];
  #accepted: (Int32Array | undefined)[] = [];
  #acceptedAtEnd: (Int32Array | null | undefined)[] = [];
  readonly #states = new Map<string, number>();
  /** Threads that every expression starts with at each byte. */
  #restart: number[] = [];
  #state = 0;
  #steps = 0;
  #isOver = false;
  /** Threads of all states. */
  #threadCount = 0;
  #marks = new Uint32Array(0);
  #mark = 0;
  #seen = new Uint32Array(0);
  #name = 0;
  #count = 0;

  constructor(options: RegexSetOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#nfa = new Nfa(this.#options.maxInstructions);
    this.matched = new Int32Array(0);
  }

  get size(): number {
    return this.#count;
  }

  /** States that are kept. */
  get states(): number {
    return this.#states.size;
  }

  /**
   * Adds an expression under a number of the caller's.
   *
   * @returns false if it matches every name, and was not added
   * @throws {RegexError} if it is wrong, needs backtracking, or is over a limit
   */
  add(source: string, expression: number): boolean {
    const { maxExpressions, maxAllInstructions } = this.#options;
    if (this.#count >= maxExpressions) throw new RegexError(`there are more than ${maxExpressions} expressions`);
    if (this.#nfa.ops.length >= maxAllInstructions) throw new RegexError("the expressions are too large together");
    this.#nfa.add(parseRegex(source), expression);
    this.#isReady = false;
    this.#marks = new Uint32Array(this.#nfa.ops.length);
    this.#mark = 0;
    const start = this.#nfa.starts.at(-1)!;
    const isEverywhere = (isStart: boolean) => this.#closure([start], isStart, !isStart).accepted.length > 0;
    if (isEverywhere(true) || isEverywhere(false)) {
      this.#nfa.starts.pop();
      return false;
    }
    this.#count += 1;
    if (expression >= this.#seen.length) this.#seen = new Uint32Array(Math.max(64, expression * 2));
    this.matched = new Int32Array(this.#count);
    return true;
  }

  /** Starts with a name. */
  begin(): void {
    if (!this.#isReady) this.#prepare();
    this.#name += 1;
    this.matchCount = 0;
    this.#steps = 0;
    this.#isOver = false;
    this.#state = FIRST_STATE;
  }

  /** Reads a byte of the name, in small letters; labels are separated by dots. */
  step(byte: number): void {
    const at = this.#state * this.#classCount + this.#classOf[byte]!;
    let next = this.#transitions[at]!;
    if (next === 0) next = this.#explore(this.#classOf[byte]!);
    this.#state = next;
    const accepted = this.#accepted[next];
    if (accepted !== undefined) this.#collect(accepted);
  }

  /** Ends the name. @returns how many expressions matched */
  end(): number {
    let accepted = this.#acceptedAtEnd[this.#state];
    if (accepted === undefined) {
      const found = this.#closure([...this.#threads[this.#state]!], false, true).accepted;
      accepted = found.length === 0 ? null : Int32Array.from(found);
      this.#acceptedAtEnd[this.#state] = accepted;
    }
    if (accepted !== null) this.#collect(accepted);
    return this.matchCount;
  }

  #collect(accepted: Int32Array): void {
    for (let index = 0; index < accepted.length; index++) {
      const expression = accepted[index]!;
      if (this.#seen[expression] === this.#name) continue;
      this.#seen[expression] = this.#name;
      this.matched[this.matchCount++] = expression;
    }
  }

  #prepare(): void {
    const { classOf, count } = classesOf(this.#nfa.sets);
    this.#classOf = classOf;
    this.#classCount = count;
    this.#samples = Array.from({ length: count }, (_, each) => classOf.indexOf(each));
    this.#restart = this.#closure(this.#nfa.starts, false, false).threads;
    this.#forget();
    this.#isReady = true;
  }

  /** Drops all states but the first. */
  #forget(): void {
    this.#states.clear();
    this.#threads = [new Int32Array(0)];
    this.#accepted = [undefined];
    this.#acceptedAtEnd = [null];
    this.#transitions = new Int32Array(this.#classCount * 64);
    this.#threadCount = 0;
    this.#stateOf(this.#closure(this.#nfa.starts, true, false));
  }

  /** Makes the state that follows the present one by a byte of a class. */
  #explore(symbolClass: number): number {
    if (this.#steps > this.#options.maxSteps) return this.#overrun();
    if (this.#states.size >= this.#options.maxStates || this.#threadCount > MAX_THREADS) {
      const threads = this.#threads[this.#state]!;
      this.#forget();
      this.#state = this.#stateOf({ threads: [...threads], accepted: [] });
    }
    const { args, nexts, ops, sets } = this.#nfa;
    const symbol = this.#samples[symbolClass]!;
    const targets: number[] = [];
    const read = (thread: number) => {
      if (ops[thread] === SET && hasSymbol(sets[args[thread]!]!, symbol)) targets.push(nexts[thread]!);
    };
    this.#threads[this.#state]!.forEach(read);
    // The first state already contains these threads, in the form for the start of a name.
    if (this.#state !== FIRST_STATE) this.#restart.forEach(read);
    this.#steps += this.#threads[this.#state]!.length + this.#restart.length;
    const next = this.#stateOf(this.#closure(targets, false, false));
    this.#transitions[this.#state * this.#classCount + symbolClass] = next;
    return next;
  }

  /** Gives up on the name: the rest of it is not matched. */
  #overrun(): number {
    if (!this.#isOver) this.overruns += 1;
    this.#isOver = true;
    return this.#state;
  }

  #stateOf({ threads, accepted }: { threads: number[]; accepted: number[] }): number {
    const key = `${threads.sort((one, other) => one - other).join()}|${accepted.join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#threads.push(Int32Array.from(threads)) - 1;
    this.#threadCount += threads.length;
    this.#accepted.push(accepted.length === 0 ? undefined : Int32Array.from(accepted));
    this.#acceptedAtEnd.push(undefined);
    this.#states.set(key, state);
    if ((state + 1) * this.#classCount > this.#transitions.length) {
      const larger = new Int32Array(this.#transitions.length * 2);
      larger.set(this.#transitions);
      this.#transitions = larger;
    }
    return state;
  }

  /** Follows all transitions that read no byte (epsilon closure). */
  #closure(from: readonly number[], isStart: boolean, isEnd: boolean): { threads: number[]; accepted: number[] } {
    const { args, nexts, ops } = this.#nfa;
    const threads: number[] = [];
    const accepted: number[] = [];
    const stack = [...from];
    this.#mark += 1;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (this.#marks[at] === this.#mark) continue;
      this.#marks[at] = this.#mark;
      this.#steps += 1;
      const op = ops[at]!;
      if (op === MATCH) accepted.push(args[at]!);
      else if (op === SPLIT) stack.push(args[at]!, nexts[at]!);
      else if (op === START) {
        if (isStart) stack.push(nexts[at]!);
      } else if (op === END && isEnd) stack.push(nexts[at]!);
      else threads.push(at);
    }
    return { threads, accepted };
  }
}
