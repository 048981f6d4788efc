import { type Problem, type Token, tokenize, withEnvironment } from "./tokens.ts";

/** A line of a Caddyfile, with the block that it opens. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Directive[] | undefined;
  readonly file: string;
  readonly line: number;
}

/** A site, or the global options, which have no addresses. */
export interface SiteBlock {
  readonly addresses: readonly string[];
  readonly directives: readonly Directive[];
  readonly file: string;
  readonly line: number;
}

/** What the text of a Caddyfile depends on. */
export interface CaddyfileSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Returns the files that `import` names, relative to the file that has it; none where there are none. */
  readonly filesOf: (pattern: string, from: string) => readonly { readonly file: string; readonly text: string }[];
}

/** Imports may import: a file that imports itself must end. */
const MAX_DEPTH = 20;
const MAX_TOKENS = 200_000;
/** Blocks in blocks. */
const MAX_NESTING = 100;

/** Reads a Caddyfile with its snippets and imports. Never throws: what cannot be read is reported. */
export function readCaddyfile(
  text: string,
  file: string,
  sources: CaddyfileSources,
  report: (problem: Problem) => void,
): SiteBlock[] {
  const tokens = tokenize(withEnvironment(text, file, sources.env, report), file, report);
  return new Parser(tokens, sources, report).sites();
}

class Parser {
  #tokens: Token[];
  #at = 0;
  #taken = 0;
  readonly #snippets = new Map<string, readonly Token[]>();
  /** How deep the imports are that a token came from. */
  readonly #depths = new WeakMap<Token, number>();
  readonly #sources: CaddyfileSources;
  readonly #report: (problem: Problem) => void;

  constructor(tokens: Token[], sources: CaddyfileSources, report: (problem: Problem) => void) {
    this.#tokens = tokens;
    this.#sources = sources;
    this.#report = report;
  }

  sites(): SiteBlock[] {
    const sites: SiteBlock[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (isBrace(token, "}")) {
        this.#problem(token, "unexpected }");
        this.#at += 1;
        continue;
      }
      if (this.#isImport(token)) {
        this.#import();
        continue;
      }
      const { addresses, opens } = this.#addresses();
      const snippet = /^\(([^()]+)\)$/.exec(addresses[0] ?? "")?.[1];
      if (snippet !== undefined && opens) this.#snippets.set(snippet, this.#skipBlock(token));
      else if (opens) sites.push(this.#site(addresses, token, this.#block(token, 0)));
      // A file of one site may leave out the braces.
      else sites.push(this.#site(addresses, token, this.#lines(undefined, 0)));
    }
    return sites;
  }

  #site(addresses: readonly string[], { file, line }: Token, directives: readonly Directive[]): SiteBlock {
    return { addresses, directives, file, line };
  }

  /** Reads addresses up to `{` or the end of the line; a comma at the end continues on the next line. */
  #addresses(): { addresses: string[]; opens: boolean } {
    const addresses: string[] = [];
    let continues = true;
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (isBrace(token, "{")) {
        this.#at += 1;
        return { addresses, opens: true };
      }
      if (token.startsLine && !continues && addresses.length > 0) break;
      this.#at += 1;
      continues = token.text.endsWith(",");
      addresses.push(...token.text.split(",").filter((each) => each !== ""));
    }
    return { addresses, opens: false };
  }

  #block(opened: Token, depth: number): Directive[] {
    return this.#lines(opened, depth);
  }

  /** Reads directives up to the `}` of a block, or to the end of the file. */
  #lines(opened: Token | undefined, depth: number): Directive[] {
    const directives: Directive[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (isBrace(token, "}")) {
        this.#at += 1;
        if (opened !== undefined) return directives;
        this.#problem(token, "unexpected }");
      } else if (this.#isImport(token)) this.#import();
      else directives.push(this.#directive(depth));
    }
    if (opened !== undefined) this.#problem(opened, "its block is not closed");
    return directives;
  }

  #directive(depth: number): Directive {
    const first = this.#tokens[this.#at++] as Token;
    const { file, line } = first;
    const args: string[] = [];
    for (let token = this.#peek(); token !== undefined && !token.startsLine; token = this.#peek()) {
      if (isBrace(token, "}")) break;
      this.#at += 1;
      if (isBrace(token, "{")) {
        if (depth < MAX_NESTING) {
          return { name: first.text, args, block: this.#block(token, depth + 1), file, line };
        }
        this.#problem(token, `blocks are nested more than ${MAX_NESTING} deep`);
        this.#skipBlock(token);
        break;
      }
      args.push(token.text);
    }
    return { name: first.text, args, block: undefined, file, line };
  }

  /** Returns the tokens of a block, whose `{` was read, and goes behind its `}`. */
  #skipBlock(opened: Token): Token[] {
    const tokens: Token[] = [];
    for (let depth = 1; this.#at < this.#tokens.length; ) {
      const token = this.#tokens[this.#at++] as Token;
      if (isBrace(token, "{")) depth += 1;
      if (isBrace(token, "}") && --depth === 0) return tokens;
      tokens.push(token);
    }
    this.#problem(opened, "its block is not closed");
    return tokens;
  }

  #isImport(token: Token): boolean {
    return token.text === "import" && token.startsLine && !token.isQuoted;
  }

  /** Puts the tokens of a snippet or of files in place of an `import` line. */
  #import(): void {
    const at = this.#tokens[this.#at] as Token;
    let end = this.#at + 1;
    while (end < this.#tokens.length && !this.#tokens[end]?.startsLine && !isBrace(this.#tokens[end] as Token, "}"))
      end += 1;
    const [name = "", ...args] = this.#tokens.slice(this.#at + 1, end).map(({ text }) => text);
    const depth = (this.#depths.get(at) ?? 0) + 1;
    const imported = this.#imported(at, name, args, depth);
    this.#taken += imported.length;
    // Copies, since a token's depth is that of its own import.
    const copies = imported.map((token, index) => ({ ...token, startsLine: token.startsLine || index === 0 }));
    for (const copy of copies) this.#depths.set(copy, depth);
    this.#tokens = [...copies, ...this.#tokens.slice(end)];
    this.#at = 0;
  }

  #imported(at: Token, name: string, args: readonly string[], depth: number): Token[] {
    if (depth > MAX_DEPTH || this.#taken > MAX_TOKENS) {
      this.#problem(at, `import ${name}: imports are nested too deep, or bring too much`);
      return [];
    }
    const snippet = this.#snippets.get(name);
    if (snippet !== undefined) return snippet.map((token) => ({ ...token, text: withArgs(token.text, args) }));
    const files = this.#sources.filesOf(name, at.file);
    if (files.length === 0) this.#problem(at, `import ${name}: there is neither such a snippet nor such a file`);
    return files.flatMap(({ file, text }) => {
      const whole = withEnvironment(text, file, this.#sources.env, this.#report);
      return tokenize(whole, file, this.#report).map((token) => ({ ...token, text: withArgs(token.text, args) }));
    });
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #problem({ file, line }: Token, text: string): void {
    this.#report({ file, line, text });
  }
}

function isBrace(token: Token, brace: "{" | "}"): boolean {
  return token.text === brace && !token.isQuoted;
}

/** Replaces `{args[0]}`, and the older `{args.0}`; one that is missing stays, as in Caddy. */
function withArgs(text: string, args: readonly string[]): string {
  return text.replace(/\{args(?:\[(\d{1,3})\]|\.(\d{1,3}))\}/g, (all, one, other) => args[Number(one ?? other)] ?? all);
}
