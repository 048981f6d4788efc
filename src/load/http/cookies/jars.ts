import { copyRun, FIELD_STRIDE, FieldName, type Head, latin1, writeAscii } from "../../../wire/http1/mod.ts";
import { type Cookie, type CookieTarget, isBelow, parseSetCookie } from "./set-cookie.ts";

/** Cookies of one connection, and their bytes together, as browsers bound them or less. */
const MAX_COOKIES = 50;
const MAX_BYTES = 16_384;
const MAX_COOKIE_BYTES = 4096;

const COOKIE = Buffer.from("Cookie: ");
const END_OF_LINE = Buffer.from("\r\n");
const SPACE = 0x20;
const QUERY = 0x3f;

/** The most that cookies add to a request. */
export const COOKIE_FIELD_BYTES = COOKIE.length + MAX_BYTES + 2 * MAX_COOKIES + END_OF_LINE.length;

/** The cookies of each connection of an event loop. Those of a slot outlive a connection: the next one in it goes on with them. */
export class CookieJars {
  /** Taken, deletions included; and not taken, as there were too many, they were too long, or not for this target. */
  taken = 0;
  ignored = 0;
  readonly #target: CookieTarget;
  readonly #now: () => number;
  readonly #jars: (Map<string, Cookie> | undefined)[];
  #scratch = new Uint8Array(COOKIE_FIELD_BYTES);

  /** @param now milliseconds since 1970 */
  constructor(slots: number, target: CookieTarget, now: () => number = Date.now) {
    this.#target = target;
    this.#now = now;
    this.#jars = new Array<undefined>(slots).fill(undefined);
  }

  /** Returns the counts by name, as they are added up over event loops. */
  read(): Record<string, number> {
    return { "cookies taken": this.taken, "cookies ignored": this.ignored };
  }

  /** Takes what an answer sets. */
  take(slot: number, head: Head, bytes: Uint8Array): void {
    for (let place = 0; place < head.count * FIELD_STRIDE; place += FIELD_STRIDE) {
      if (head.fields[place + 4] !== FieldName.setCookie) continue;
      this.#set(slot, latin1(bytes, head.fields[place + 2]!, head.fields[place + 3]!));
    }
  }

  /**
   * Adds the cookies of a slot to a request.
   *
   * @param bodyBytes of the end of it
   * @returns the request; borrowed until the next call
   */
  addTo(request: Uint8Array, bodyBytes: number, slot: number): Uint8Array {
    const jar = this.#jars[slot];
    if (jar === undefined || jar.size === 0) return request;
    const line = this.#lineFor(jar, pathOf(request));
    if (line === "") return request;
    const endOfFields = request.length - bodyBytes - END_OF_LINE.length;
    const length = request.length + COOKIE.length + line.length + END_OF_LINE.length;
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(2 * length);
    const into = this.#scratch;
    let at = copyRun(into, 0, request, 0, endOfFields);
    at = copyRun(into, at, COOKIE, 0, COOKIE.length);
    at = writeAscii(into, at, line);
    at = copyRun(into, at, END_OF_LINE, 0, END_OF_LINE.length);
    at = copyRun(into, at, request, endOfFields, request.length);
    return into.subarray(0, at);
  }

  #lineFor(jar: Map<string, Cookie>, path: string): string {
    const nowMs = this.#now();
    let line = "";
    for (const [key, cookie] of jar) {
      if (cookie.expiresMs <= nowMs) jar.delete(key);
      else if (isBelow(path, cookie.path)) line += `${line === "" ? "" : "; "}${cookie.name}=${cookie.value}`;
    }
    return line;
  }

  #set(slot: number, text: string): void {
    const nowMs = this.#now();
    const cookie = text.length > MAX_COOKIE_BYTES ? undefined : parseSetCookie(text, this.#target, nowMs);
    if (cookie === undefined) {
      this.ignored += 1;
      return;
    }
    const jar = this.#jars[slot] ?? new Map<string, Cookie>();
    this.#jars[slot] = jar;
    const key = `${cookie.name};${cookie.path}`;
    jar.delete(key);
    const isKept = cookie.expiresMs > nowMs;
    if (isKept && (jar.size >= MAX_COOKIES || bytesIn(jar) + sizeOf(cookie) > MAX_BYTES)) {
      this.ignored += 1;
      return;
    }
    if (isKept) jar.set(key, cookie);
    this.taken += 1;
  }
}

function sizeOf({ name, value }: Cookie): number {
  return name.length + value.length + 1;
}

function bytesIn(jar: Map<string, Cookie>): number {
  let sum = 0;
  for (const cookie of jar.values()) sum += sizeOf(cookie);
  return sum;
}

/** Without the query. */
function pathOf(request: Uint8Array): string {
  const from = request.indexOf(SPACE) + 1;
  let to = from;
  while (request[to] !== SPACE && request[to] !== QUERY) to += 1;
  return latin1(request, from, to);
}
