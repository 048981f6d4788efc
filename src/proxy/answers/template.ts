import { type Placeholder, placeholderOf, type TemplateRequest } from "./placeholders.ts";

const encoder = new TextEncoder();

/**
 * A text with placeholders such as `{http.request.uri}`, compiled once and filled in for each request. A value is copied as it is
 * and never searched for placeholders again; what is in braces and no known name stays as it was written.
 *
 * @example
 * new Template("{http.request.method} {http.request.uri}\n").placeholders; // ["http.request.method", "http.request.uri"]
 */
export class Template {
  readonly placeholders: readonly string[];
  readonly #pieces: readonly (Uint8Array | Placeholder)[];

  constructor(text: string) {
    const names: string[] = [];
    const pieces: (Uint8Array | Placeholder)[] = [];
    let end = 0;
    for (const match of text.matchAll(/\{([\w.-]+)\}/g)) {
      const name = match[1]!;
      const placeholder = placeholderOf(name);
      if (placeholder === undefined) continue;
      if (match.index > end) pieces.push(encoder.encode(text.slice(end, match.index)));
      names.push(name);
      pieces.push(placeholder);
      end = match.index + match[0].length;
    }
    if (end < text.length) pieces.push(encoder.encode(text.slice(end)));
    this.placeholders = names;
    this.#pieces = pieces;
  }

  /** Fills it in, cut at the end of `out`. @returns where the text ends in `out` */
  write(out: Uint8Array, start: number, request: TemplateRequest): number {
    let at = start;
    for (const piece of this.#pieces) {
      if (typeof piece === "function") at = piece(out, at, request);
      else {
        const length = Math.min(piece.length, out.length - at);
        out.set(length === piece.length ? piece : piece.subarray(0, length), at);
        at += length;
      }
    }
    return at;
  }
}
