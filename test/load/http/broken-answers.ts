import type { Socket } from "node:net";
import type { HttpOptions } from "../../../src/load/mod.ts";

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HEAD = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
/** Rows in which a connection ends, or a server goes on without end: these run under TLS too, which all end in the same readers. */
export const ENDINGS = /closes|resets|without end|twice/;
/** How long a row's server is waited for that never comes to an end. */
export const SLOW = { timeoutMs: 800 };
/** Of rows that end by their time: a machine that stands still for longer than that is asked again. */
export const ON_A_BUSY_MACHINE = { timeout: 60_000, retry: 4 };

/** Fewer interim answers than are taken for a flood, however late the time is over. */
export const INTERIMS = 20;

type Answer = (socket: Socket) => void;
const says =
  (text: string): Answer =>
  (socket) =>
    void socket.write(text, "latin1");
const endsWith =
  (text: string): Answer =>
  (socket) =>
    void socket.end(text, "latin1");
const resetsAfter =
  (text: string): Answer =>
  (socket) => {
    // The reset would overtake what is not read yet.
    socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 20));
  };

/** Sends a piece every 20 ms, behind what comes first. @param most then it is silent */
export const drips =
  (first: string, piece: string | Uint8Array = "x", most = Number.POSITIVE_INFINITY): Answer =>
  (socket) => {
    socket.write(first);
    let sent = 0;
    const timer = setInterval(() => sent++ < most && socket.write(piece), 20);
    socket.once("close", () => clearInterval(timer));
  };

/** What an HTTP/1.1 server does with a request, and the phase and cause that are counted, of the request and of its connection. */
export const BROKEN: readonly [what: string, cause: string, answer: Answer, options?: Partial<HttpOptions>][] = [
  ["says nothing and closes", "first byte closed", endsWith("")],
  ["resets", "first byte reset", (socket) => void socket.resetAndDestroy()],
  ["closes within its head", "head closed", endsWith(`${HEAD}Cont`)],
  ["resets within its head", "head reset", resetsAfter(`${HEAD}Cont`)],
  ["closes within its body", "body closed", endsWith(`${HEAD}Content-Length: 9\r\n\r\nok`)],
  ["resets within its body", "body reset", resetsAfter(`${HEAD}Content-Length: 9\r\n\r\nok`)],
  ["resets where its end ends the body", "body reset", resetsAfter(`${HEAD}\r\nok`)],
  ["closes between two chunks", "body closed", endsWith(`${CHUNKED}2\r\nok\r\n`)],
  ["closes within a chunk", "body closed", endsWith(`${CHUNKED}9\r\nok`)],
  ["closes within a chunk's size", "body closed", endsWith(`${CHUNKED}9`)],
  ["closes within its trailers", "body closed", endsWith(`${CHUNKED}0\r\nX: y`)],
  ["resets within a chunk", "body reset", resetsAfter(`${CHUNKED}9\r\nok`)],
  // ---- lengths
  ["sends more than its length", "body bytes behind its end", says(`${OK}!`)],
  ["sends more than its chunks", "body bytes behind its end", says(`${CHUNKED}2\r\nok\r\n0\r\n\r\n!`)],
  ["answers twice", "body bytes behind its end", says(OK + OK)],
  [
    "sends two lengths",
    "head content-length-repeated",
    says(`${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`),
  ],
  [
    "sends the same length twice",
    "head content-length-repeated",
    says(`${HEAD}${"Content-Length: 2\r\n".repeat(2)}\r\nok`),
  ],
  ["sends a list of lengths", "head bad-content-length", says(`${HEAD}Content-Length: 2, 2\r\n\r\nok`)],
  ["sends a negative length", "head bad-content-length", says(`${HEAD}Content-Length: -1\r\n\r\n`)],
  [
    "sends a length that no number holds",
    "head bad-content-length",
    says(`${HEAD}Content-Length: ${"9".repeat(20)}\r\n\r\n`),
  ],
  ["promises 900 TB and closes", "body closed", endsWith(`${HEAD}Content-Length: ${"9".repeat(15)}\r\n\r\nok`)],
  [
    "has a length and chunks",
    "head transfer-encoding-with-length",
    says(`${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`),
  ],
  ["compresses its chunks", "head bad-transfer-encoding", says(`${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n`)],
  [
    "sends chunks by HTTP/1.0",
    "head bad-transfer-encoding",
    says("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
  ],
  ["sends a body for HEAD", "body bytes behind its end", says(OK), { method: "HEAD" }],
  ["sends a body with 204", "body bytes behind its end", says("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok")],
  ["sends a body with 304", "body bytes behind its end", says("HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\nok")],
  [
    "goes on after its last answer",
    "body bytes behind its end",
    says(`${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\nok?`),
  ],
  // ---- heads
  ["sends headers without end", "head head-too-long", drips(HEAD, `X: ${"y".repeat(998)}\r\n`.repeat(10))],
  ["sends one header without end", "head head-too-long", says(`${HEAD}X: ${"y".repeat(100_000)}`)],
  ["sends a reason without end", "head head-too-long", says(`HTTP/1.1 200 ${"y".repeat(100_000)}`)],
  ["sends too many headers", "head too-many-fields", says(`${HEAD}${"a: b\r\n".repeat(300)}\r\n`)],
  ["names too many options", "head too-many-connection-options", says(`${HEAD}Connection: ${"x,".repeat(40)}\r\n\r\n`)],
  ["sends 1xx without end", "head too many 1xx", says("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100))],
  ["sends a body with 100", "head bad-start-line", says(`HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nok${OK}`)],
  ["switches protocols unasked", "head 101 without an upgrade", says("HTTP/1.1 101 Switching Protocols\r\n\r\n")],
  ["sends a status below 100", "head bad-status", says("HTTP/1.1 099 No\r\n\r\n")],
  ["sends a status above 599", "head bad-status", says("HTTP/1.1 600 No\r\n\r\n")],
  ["sends another version", "head bad-version", says("HTTP/2.0 200 OK\r\n\r\n")],
  ["ends lines by LF alone", "head bad-start-line", says("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")],
  ["ends a field by LF alone", "head bad-field-value", says(`${HEAD}X: a\nContent-Length: 2\r\n\r\nok`)],
  ["folds a field", "head bad-field-name", says(`${HEAD}X: a\r\n b\r\n\r\n`)],
  ["sends a blank before the colon", "head bad-field-name", says(`${HEAD}X : a\r\n\r\n`)],
  ["sends NUL in a field", "head bad-field-value", says(`${HEAD}X: a\0b\r\n\r\n`)],
  ["begins with an empty line", "head bad-start-line", says(`\r\n${OK}`)],
  // ---- other protocols
  ["speaks HTTP/0.9", "head bad-start-line", endsWith("<html>hello</html>")],
  ["speaks SMTP", "head bad-start-line", says("220 mail.example ESMTP\r\n")],
  ["speaks SSH", "head bad-start-line", says("SSH-2.0-OpenSSH_9.6\r\n")],
  ["speaks HTTP/2", "head bad-start-line", says("\0\0\0\x04\0\0\0\0\0")],
  [
    "sends noise",
    "head bad-start-line",
    says(String.fromCharCode(...Array.from({ length: 200 }, (_, at) => (at * 7) & 0xff))),
  ],
  // ---- chunks
  ["sends a chunk of no size", "body bad-chunk-size", says(`${CHUNKED}zz\r\n`)],
  ["sends a chunk of a negative size", "body bad-chunk-size", says(`${CHUNKED}-1\r\n`)],
  ["sends a chunk of 0x2 bytes", "body bad-chunk-size", says(`${CHUNKED}0x2\r\nok\r\n`)],
  ["sends a chunk too large for a number", "body bad-chunk-size", says(`${CHUNKED}${"f".repeat(16)}\r\n`)],
  ["sends a size without end", "body bad-chunk-size", drips(CHUNKED, "0".repeat(1000))],
  ["sends a blank behind a size", "body bad-chunk-size", says(`${CHUNKED}2 \r\nok\r\n`)],
  ["ends a size by LF alone", "body bad-chunk-size", says(`${CHUNKED}2\nok\r\n`)],
  ["sends a chunk that is too long", "body bad-chunk-end", says(`${CHUNKED}2\r\nokk\r\n`)],
  ["sends a bad extension", "body bad-chunk-extension", says(`${CHUNKED}2;=\r\nok\r\n`)],
  ["sends an extension without end", "body chunk-extensions-too-long", drips(`${CHUNKED}2;`, "x".repeat(9000))],
  ["sends trailers without end", "body trailers-too-long", drips(`${CHUNKED}0\r\n`, "X: y\r\n".repeat(1000))],
  ["sends too many trailers", "body too-many-fields", says(`${CHUNKED}0\r\n${"X: y\r\n".repeat(100)}\r\n`)],
  ["sends a length as a trailer", "body forbidden-trailer", says(`${CHUNKED}0\r\nContent-Length: 2\r\n\r\n`)],
  ["sends a bad trailer", "body bad-field-name", says(`${CHUNKED}0\r\n: y\r\n\r\n`)],
  // ---- time
  ["never answers", "first byte timeout", () => {}, SLOW],
  ["drips its head", "head timeout", drips(`${HEAD}X: `), SLOW],
  ["drips 1xx", "head timeout", drips("", "HTTP/1.1 103 Early Hints\r\n\r\n", INTERIMS), SLOW],
  ["drips its body", "body timeout", drips(`${HEAD}Content-Length: 1000000\r\n\r\n`), SLOW],
  ["drips a body that its end ends", "body timeout", drips(`${HEAD}\r\n`), SLOW],
  ["drips chunks", "body timeout", drips(CHUNKED, "1\r\nx\r\n"), SLOW],
  ["drips an extension", "body timeout", drips(`${CHUNKED}1;`), SLOW],
];
