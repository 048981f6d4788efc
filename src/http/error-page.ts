import { fieldLine } from "../wire/http1/mod.ts";

/** The formats of an error page, by what the client accepts. */
export const ErrorFormat = { text: 0, html: 1, json: 2 } as const;
export type ErrorFormat = (typeof ErrorFormat)[keyof typeof ErrorFormat];

export interface ErrorPage {
  /** The prepared field. */
  readonly contentType: Uint8Array;
  readonly content: Uint8Array;
}

/** What a person reads: what happened, and what can be done. */
const SENTENCES: Readonly<Record<number, string>> = {
  400: "The server could not understand what the browser or program sent.",
  401: "This page is only for people who have logged in.",
  403: "You may not see this page.",
  404: "There is nothing at this address. Check that it is spelled as intended.",
  405: "This cannot be done here.",
  408: "The request took too long to arrive. Check the connection and try again.",
  413: "What was sent is larger than is allowed here.",
  414: "The address is too long.",
  421: "This server does not serve that name. Check that the address is spelled as intended.",
  429: "Too many requests came from you. Wait a moment and try again.",
  431: "The browser sent too many or too large header fields. Deleting this site's cookies often helps.",
  500: "The server made a mistake. Its log says which.",
  501: "The server does not know how to do that.",
  502: "The service behind this address did not answer properly. It may be starting, or it may be down.",
  503: "The service behind this address is not available now. Try again in a moment.",
  504: "The service behind this address took too long to answer.",
  505: "The server does not speak this version of HTTP.",
};

const CONTENT_TYPES: Readonly<Record<ErrorFormat, Uint8Array>> = {
  [ErrorFormat.text]: fieldLine("Content-Type", "text/plain; charset=utf-8"),
  [ErrorFormat.html]: fieldLine("Content-Type", "text/html; charset=utf-8"),
  // RFC 9457
  [ErrorFormat.json]: fieldLine("Content-Type", "application/problem+json"),
};

const encoder = new TextEncoder();
/** Pages without a detail of their own, by status and format. */
const usualPages = new Map<number, ErrorPage>();

/**
 * Returns the page for an error.
 *
 * @param title the status's reason phrase
 * @param detail a sentence for a person, instead of the usual one; plain text
 */
export function errorPage(status: number, title: string, format: ErrorFormat, detail?: string): ErrorPage {
  if (detail !== undefined) return makePage(status, title, format, detail);
  const key = status * 4 + format;
  let page = usualPages.get(key);
  if (page === undefined) {
    page = makePage(status, title, format, SENTENCES[status] ?? "");
    usualPages.set(key, page);
  }
  return page;
}

function makePage(status: number, title: string, format: ErrorFormat, detail: string): ErrorPage {
  const text = TEXTS[format](status, title || "Error", detail);
  return { contentType: CONTENT_TYPES[format], content: encoder.encode(text) };
}

const TEXTS: Readonly<Record<ErrorFormat, (status: number, title: string, detail: string) => string>> = {
  [ErrorFormat.text]: (status, title, detail) => `${status} ${title}\n${detail === "" ? "" : `\n${detail}\n`}`,
  [ErrorFormat.html]: html,
  [ErrorFormat.json]: (status, title, detail) => `${JSON.stringify({ title, status, detail })}\n`,
};

function html(status: number, title: string, detail: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
body { max-width: 36rem; margin: 20vh auto 0; padding: 0 1rem }
h1 { font-size: 1.4rem } h1 span { opacity: .5 }
</style>
<h1><span>${status}</span> ${escapeHtml(title)}</h1>
<p>${escapeHtml(detail)}</p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const HTML = encoder.encode("text/html");
const JSON_TYPE = encoder.encode("json");

/**
 * Returns the format that an `Accept` field asks for: `text/html` or a JSON type, whichever stands first in it. Weights are not
 * read: who prefers one of the two names it first.
 */
export function errorFormat(bytes: Uint8Array, from: number, to: number): ErrorFormat {
  for (let at = from; at < to; at++) {
    // `t` begins text/html; `j` begins json, also that of application/problem+json.
    const letter = bytes[at]! | 0x20;
    if (letter === 0x74 && matches(bytes, at, to, HTML)) return ErrorFormat.html;
    if (letter === 0x6a && matches(bytes, at, to, JSON_TYPE)) return ErrorFormat.json;
  }
  return ErrorFormat.text;
}

function matches(bytes: Uint8Array, at: number, to: number, lowerCase: Uint8Array): boolean {
  if (at + lowerCase.length > to) return false;
  for (let index = 0; index < lowerCase.length; index++) {
    const byte = bytes[at + index]!;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== lowerCase[index]) return false;
  }
  return true;
}
