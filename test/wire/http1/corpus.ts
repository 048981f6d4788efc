/** Heads good and bad, whole and as parts to put together: what fuzzers begin with. */
import type { Random } from "../fuzz.ts";
import { bytesOf } from "./support.ts";

export const START_LINES = [
  "GET / HTTP/1.1",
  "GET /a%2Fb/../c?d=e|f HTTP/1.1",
  "POST /upload HTTP/1.1",
  "HEAD / HTTP/1.0",
  "OPTIONS * HTTP/1.1",
  "GET * HTTP/1.1",
  "get / HTTP/1.1",
  "CONNECT a.example:443 HTTP/1.1",
  "GET http://a.example/x HTTP/1.1",
  "GET HTTPS://A.example/ HTTP/1.1",
  "GET http://u@a.example/ HTTP/1.1",
  "GET http://a.example HTTP/1.1",
  "GET http://a.example?x/y HTTP/1.1",
  "GET http://[::1]:8080/ HTTP/1.1",
  "GET ftp://a.example/ HTTP/1.1",
  "GET  / HTTP/1.1",
  "GET / HTTP/2.0",
  "GET / HTTP/1.2",
  "GET / http/1.1",
  "GET /",
  "GET /\xe4 HTTP/1.1",
  "GET /#a HTTP/1.1",
  `GET /${"a".repeat(8300)} HTTP/1.1`,
  "",
  "\0GET / HTTP/1.1",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200",
  "HTTP/1.1 200 ",
  "HTTP/1.0 404 Nicht gefunden \xe4",
  "HTTP/1.1 101 Switching Protocols",
  "HTTP/1.1 304 Not\tModified",
  "HTTP/1.1 99 X",
  "HTTP/1.1 600 X",
  "HTTP/1.1 2000 X",
  "HTTP/1.1 20x X",
  "HTTP/2 200 OK",
  "HTTP/1.1  200 OK",
  "ICY 200 OK",
];

export const FIELD_LINES = [
  "Host: a.example",
  "host:a.example",
  "HOST: A.EXAMPLE",
  "Host: a.example:8080",
  "Host: [::1]:80",
  "Host: [::1%25eth0]",
  "Host: [1.2.3.4]",
  "Host: [::ffff:1.2.3.4]",
  "Host: u@a.example",
  "Host: a.example, b",
  "Host: a.example:",
  "Host: a.example:65536",
  "Host: a.example:000080",
  "Host:",
  "Host: \xe4.example",
  "Host : a.example",
  "Content-Length: 5",
  "content-length: 0",
  "Content-Length: 05",
  "Content-Length: +5",
  "Content-Length: 5, 5",
  "Content-Length: 0x5",
  "Content-Length: 999999999999999",
  "Content-Length: 9999999999999999",
  "Transfer-Encoding: chunked",
  "transfer-encoding: CHUNKED \t",
  "Transfer-Encoding: chunked,",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding:",
  "Transfer_Encoding: chunked",
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "Connection: , ,close,,X-Odd\t, host, content-length, TE",
  "Connection: cookie, X_Y, x-forwarded-for",
  `Connection: ${"x,".repeat(33)}`,
  "Connection:",
  "Cookie: a=b; c=\xe4",
  "Upgrade: websocket",
  "Expect: 100-Continue",
  "Expect: 200-ok",
  "TE: trailers",
  "X-Odd:  a \t b \t",
  "X-Odd:\t",
  "X-Odd: a\x0bb",
  "X-Odd: a\rb",
  "X-Odd: a\nb",
  "X-Odd: a\0b",
  "X-Odd",
  ": a",
  " X-Odd: a",
  "\tfolded",
  "X Odd: a",
  "X-\xe4: a",
  "X_Y: z",
  "Remote.User: root",
  "X-Forwarded-For: 1.2.3.4",
  "X-Forwarded-User: root",
  "X-Forwarded-: root",
  "x_forwarded_for: 1.2.3.4",
  "Proxy: a",
  "Content-Lengtj: 5",
  "Content-Length2: 5",
  `Cookie: ${"c".repeat(3000)}`,
];

/** Line ends: nearly always the right one. */
const LINE_ENDS = [...Array.from({ length: 40 }, () => "\r\n"), "\n", "\r", "\r\r\n", "\r\n\r\n"];

/** A head put together from the parts above, half of the time with lines that are right together. */
export function someHead(random: Random): Uint8Array {
  const pick = <Part>(parts: readonly Part[]) => parts[random(parts.length)]!;
  const isTame = random(2) === 0;
  const lines = [isTame ? START_LINES[random(2) === 0 ? random(4) : 25 + random(6)]! : pick(START_LINES)];
  if (random(4) > 0) lines.push(FIELD_LINES[random(5)]!);
  for (let count = random(random(10) === 0 ? 140 : 6); count > 0; count--) {
    lines.push(isTame ? `X-${random(30)}: ${random(1000)}` : pick(FIELD_LINES));
  }
  const at = 1 + random(lines.length);
  if (isTame) lines.splice(at, 0, pick(FIELD_LINES));
  const text = lines.map((line) => line + (isTame ? "\r\n" : pick(LINE_ENDS))).join("");
  return bytesOf(`${text}${random(10) === 0 ? "" : "\r\n"}${random(3) === 0 ? "GET / HTTP" : ""}`);
}

/** One head for each start line and each field line, among others that are right. */
export const headCorpus: readonly Uint8Array[] = [
  ...START_LINES.map((line) => `${line}\r\nHost: a.example\r\nX: y\r\n\r\n`),
  ...FIELD_LINES.map((line) => `GET /a HTTP/1.1\r\nHost: a.example\r\n${line}\r\nAccept: */*\r\n\r\n`),
  ...FIELD_LINES.map((line) => `HTTP/1.1 200 OK\r\n${line}\r\nServer: nginx\r\n\r\n`),
  `GET / HTTP/1.1\r\n${"X: y\r\n".repeat(126)}Host: a\r\nConnection: x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${"X: y\r\n".repeat(128)}Host: a\r\n\r\n`,
].map(bytesOf);
