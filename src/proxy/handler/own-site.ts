import type { Exchange } from "../../http/mod.ts";
import type { SitePage } from "../../part/mod.ts";
import { fieldLine, type Head } from "../../wire/http1/mod.ts";
import { Respond } from "../answers/mod.ts";
import type { OwnSite } from "./options.ts";

const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** Longer targets, with whatever query, are of no page. */
const MAX_TARGET_BYTES = 256;

interface ReadyPage {
  readonly lines: readonly Uint8Array[];
  readonly body: Uint8Array;
}

/** The site of the machine itself: a few pages, and a text about the request for every other path. */
export class OwnSiteAnswers {
  readonly #hosts: ReadonlySet<string>;
  readonly #pages: ReadonlyMap<string, ReadyPage>;
  readonly #rest: Respond;

  /** @throws {TenkError} `invalid-option` */
  constructor({ hosts, pages, body }: OwnSite) {
    this.#hosts = new Set(hosts);
    this.#pages = new Map(Object.entries(pages).map(([path, page]) => [path, ready(page)]));
    this.#rest = new Respond(200, "text/plain; charset=utf-8", body);
  }

  names(host: string): boolean {
    return this.#hosts.has(host);
  }

  /** @param host as `hostKey` returns it; an address is one of this machine, as the request came here */
  isFor(host: string): boolean {
    return this.#hosts.has(host) || host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
  }

  answer(exchange: Exchange, head: Head, bytes: Uint8Array): void {
    if (!this.answerByPage(exchange, head, bytes)) this.#rest.answer(exchange, head, bytes);
  }

  /** @returns whether a page has the path */
  answerByPage(exchange: Exchange, head: Head, bytes: Uint8Array): boolean {
    if (head.targetEnd - head.targetStart > MAX_TARGET_BYTES) return false;
    const target = decoder.decode(bytes.subarray(head.targetStart, head.targetEnd));
    const page = this.#pages.get(target.replace(/\?.*$/, ""));
    if (page === undefined) return false;
    const writer = exchange.begin(200);
    for (const line of page.lines) writer.line(line);
    exchange.sendHead(page.body.length, page.body, 0, page.body.length);
    exchange.end();
    return true;
  }
}

function ready({ headers, body }: SitePage): ReadyPage {
  return {
    lines: Object.entries(headers).map(([name, value]) => fieldLine(name, value)),
    body: typeof body === "string" ? encoder.encode(body) : body,
  };
}
