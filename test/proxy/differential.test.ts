/**
 * Whatever a client sends, the target sees the requests that the proxy sent to it, and each of their answers goes to whom it belongs:
 * both agree where each request ends. `TENK_RUNS=50000` gives each target so many inputs.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { hasPrograms, NGINX, startNginx } from "../app/admin/nginx-support.ts";
import { until } from "../net/support.ts";
import { mutated, type Random, randomFrom } from "../wire/fuzz.ts";
import { headCorpus, someHead } from "../wire/http1/corpus.ts";
import { plainChunked } from "../wire/http1/plain-chunked.ts";
import { plainRequest } from "../wire/http1/plain-head.ts";
import { proxyOptions, startProxy } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 400);
const LATE_MS = 10_000;
const SEED = Number(process.env.TENK_FUZZ_SEED ?? Date.now() % 2 ** 32);

/** Bodies good and bad, some of which hide a request. */
const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a.example\r\n\r\n";
const hex = HIDDEN.length.toString(16);
const BODIES = [
  "",
  "hello",
  HIDDEN,
  "0\r\n\r\n",
  `0\r\n\r\n${HIDDEN}`,
  `${hex}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  `${hex};a=b\r\n${HIDDEN}\r\n0\r\nX: y\r\n\r\n`,
  `00${hex}\r\n${HIDDEN}\r\n000\r\n\r\n`,
  `${hex}\n${HIDDEN}\r\n0\r\n\r\n`,
  `${hex};\n${HIDDEN}\r\n0\r\n\r\n`,
  `${hex} \r\n${HIDDEN}\r\n0\r\n\r\n`,
  `0x${hex}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  `5\r\nhello${hex}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  `5\r\nhelloXX0\r\n\r\n${HIDDEN}`,
  `5;a="\r\nhello\r\n0\r\n\r\n${HIDDEN}`,
  `0;a=\n\r\n${HIDDEN}\r\n`,
  `0\r\nContent-Length: 5\r\n\r\n${HIDDEN}`,
  `0\r\nX: y\n\r\n${HIDDEN}\r\n`,
  `0\n\n${HIDDEN}`,
  `fffffffffffffff0\r\n${HIDDEN}`,
];
const CHUNKED_BODIES = BODIES.filter((body) => typeof plainChunked(body) === "object");
const POSTS = [
  "Content-Length: 5",
  `Content-Length: ${HIDDEN.length}`,
  "Content-Length: 0",
  `Content-Length: +${HIDDEN.length}`,
  "Content-Length: 5\r\nContent-Length: 0",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nContent-Length: 4",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding:\x0bchunked",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  "Transfer_Encoding: chunked",
  "Transfer-Encoding : chunked",
  "Connection: Content-Length\r\nContent-Length: 5",
  "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
  "X: y\r\n Transfer-Encoding: chunked",
  "X: y\nTransfer-Encoding: chunked",
  "X: y\rContent-Length: 5",
  "Expect: 100-continue\r\nContent-Length: 5",
  "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5",
];
const METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH"];
const seeds = [
  ...headCorpus,
  ...POSTS.flatMap((fields, index) => [
    Buffer.from(`POST /p${index} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n\r\n${BODIES[index]}`, "latin1"),
    Buffer.from(`GET /g${index} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n\r\n${BODIES[index + 1]}`, "latin1"),
  ]),
];

/** Fields of a request and its content: half of the time they fit, most of the time. */
function someContent(pick: <Part>(parts: readonly Part[]) => Part, random: Random): string {
  const body = pick(BODIES);
  const way = random(4);
  if (way === 0) return `Content-Length: ${body.length}\r\n\r\n${body}`;
  if (way === 1) return `Transfer-Encoding: chunked\r\n\r\n${pick(CHUNKED_BODIES)}`;
  return `${pick(POSTS)}\r\n\r\n${body}`;
}

function someInput(random: Random): Uint8Array {
  const pick = <Part>(parts: readonly Part[]) => parts[random(parts.length)]!;
  const kind = random(4);
  if (kind === 0) return mutated(seeds, random);
  if (kind === 1) return Buffer.concat([someHead(random), Buffer.from(pick(BODIES), "latin1")]);
  const requests = Array.from(
    { length: 1 + random(3) },
    (_, index) => `${pick(METHODS)} /${index} HTTP/1.1\r\nHost: a.example\r\n${someContent(pick, random)}`,
  );
  const bytes = Buffer.from(requests.join(""), "latin1");
  return kind === 2 ? bytes : mutated([bytes], random);
}

/** The requests in `text` by the plain parsers, up to one that is refused or incomplete; and whether that one may be sent on. */
function plainly(text: string): { whole: string[]; begun: string | undefined } {
  const whole: string[] = [];
  for (let at = 0; at < text.length; ) {
    while (text.startsWith("\r\n", at)) at += 2;
    const head = plainRequest(text.slice(at, at + 20_000));
    if (typeof head === "string") break;
    const { method, target, contentLength, flags } = head.value as {
      method: string;
      target: string;
      contentLength: number;
      flags: string[];
    };
    at += head.length;
    const begun = `${method} ${target}`;
    const rest = text.slice(at);
    if (flags.includes("isChunked")) {
      const body = plainChunked(rest);
      if (typeof body === "string") return { whole, begun };
      at += body.length;
      whole.push(`${begun} ${(body.value as { payload: string }).payload.length}`);
    } else if (contentLength > rest.length) return { whole, begun };
    else {
      at += Math.max(0, contentLength);
      whole.push(`${begun} ${Math.max(0, contentLength)}`);
    }
  }
  return { whole, begun: undefined };
}

const REFUSED = "refused ";
const FINAL_STATUS = /HTTP\/1\.1 [2-5]\d\d /g;

/**
 * Sends it, and a FIN once all whole requests are answered: a FIN before that means that the client is gone.
 *
 * @returns what came back until the connection closed
 */
async function send(port: number, bytes: Uint8Array, answers = Number.POSITIVE_INFINITY): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  const finish = () => {
    if ((text.match(FINAL_STATUS)?.length ?? 0) >= answers) socket.end();
  };
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    finish();
  });
  socket.on("error", () => {});
  socket.on("end", () => socket.destroy());
  socket.write(bytes);
  if (answers === 0) socket.end();
  const late = setTimeout(() => socket.destroy(new Error("no end")), LATE_MS);
  let error: Error | undefined;
  socket.once("error", (reason) => (error = reason));
  await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(late);
  if (error?.message === "no end") throw new Error(`no end after ${text}`);
  return text;
}

/** Tells each whole request by a line: its number, method, target and content's length. */
const NODE_TARGET = `
let number = 0;
const server = require("node:http").createServer((request, response) => {
  let bytes = 0;
  request.on("error", () => {});
  request.on("data", (chunk) => (bytes += chunk.length));
  request.on("end", () => {
    const line = [++number, request.method, request.url, bytes].join(" ");
    console.log(line);
    response.end("<<" + line + ">>");
  });
}).on("clientError", (error, socket) => { 
  // Without a packet the proxy ended a request before its end.
  if (error.rawPacket) console.log("refused " + error.rawPacket.toString("latin1").split(" HTTP/")[0]);
  socket.destroy();
 });
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** Gives one input after the other, each followed by a marker, and by a request of another client over the same connection to the
 * target. @param visible what the target can tell of a request. @returns how many it saw */
async function compare(port: number, seen: () => Promise<string[]>, visible = (line: string) => line): Promise<number> {
  const random = randomFrom(SEED);
  let forwarded = 0;
  for (let run = 0; run < RUNS; run++) {
    const input = someInput(random);
    const marker = `GET /marker${run} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
    const bytes = Buffer.concat([input, Buffer.from(marker)]);
    const where = () => `input ${run} of TENK_FUZZ_SEED=${SEED}: ${bytes.toString("latin1").slice(0, 3000)}`;
    const { whole: all, begun } = plainly(bytes.toString("latin1"));
    const whole = all.map(visible);
    const isClosed = whole.at(-1) === `GET /marker${run} 0`;
    const answers = await send(port, bytes, isClosed ? undefined : whole.length).catch((error) => {
      throw new Error(`${error.message}; ${where()}`);
    });
    const after = `GET /other${run} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
    const other = await send(port, Buffer.from(after));
    const told = [...answers.matchAll(/<<(\d+) (\S+ \S+ \d+)>>/g)].map(([, , line]) => line!);
    const lines = (await seen()).map((line) => line.replace(/^\d+ /, ""));
    if (!other.includes(`GET /other${run} 0>>`)) throw new Error(`another client got ${other}; ${where()}`);
    if (lines.pop() !== `GET /other${run} 0`) throw new Error(`the target saw more than its requests; ${where()}`);
    let at = 0;
    for (const line of lines) {
      // One that the target refuses was a request of its own all the same.
      const found = line.startsWith(REFUSED)
        ? whole.findIndex((each, index) => index >= at && each.startsWith(`${line.slice(REFUSED.length)} `))
        : whole.indexOf(line, at);
      if (found >= 0) at = found + 1;
      else if (begun === undefined || !line.replace(REFUSED, "").startsWith(begun))
        throw new Error(`the target saw ${line}; ${where()}`);
    }
    // Answers come in order, and none that is another's; one to HEAD has no content.
    let next = 0;
    for (const line of told) {
      next = lines.indexOf(line, next) + 1;
      if (next === 0) throw new Error(`an answer to ${line}, the target saw ${lines.join(", ")}; ${where()}`);
    }
    forwarded += lines.length;
  }
  return forwarded;
}

const service = (port: number | string) =>
  proxyOptions(`  a: { target: "http://127.0.0.1:${port}", hosts: ["a.example", "*"], plainHttp: serve }`);

describe("the proxy and its target agree where each request ends", () => {
  let child: ChildProcess | undefined;
  afterAll(() => child?.kill("SIGKILL"));

  test(
    "in front of node:http",
    async () => {
      child = spawn("node", ["-e", NODE_TARGET], { stdio: ["ignore", "pipe", "inherit"] });
      const lines: string[] = [];
      let changed = () => {};
      const reader = createInterface(child.stdout!);
      const [target] = (await once(reader, "line")) as [string];
      reader.on("line", (line: string) => {
        lines.push(line);
        changed();
      });
      await using server = await startProxy(service(target));
      const seen = async () => {
        while (!/ \/other/.test(lines.at(-1) ?? "")) await new Promise<void>((resolve) => (changed = resolve));
        return lines.splice(0);
      };
      expect(await compare(server.port, seen)).toBeGreaterThan(RUNS / 4);
    },
    RUNS * 100,
  );

  if (!hasPrograms("nginx as a target", [NGINX])) return;
  test(
    "in front of nginx",
    async () => {
      const log = join(mkdtempSync(join(tmpdir(), "tenk-differential-")), "access.log");
      // Its log has no lengths of content; `$connection_requests` would not show what is on another connection.
      const answer = `return 200 "<<$connection_requests $request_method $request_uri 0>>";`;
      await using nginx = await startNginx(
        `access_log ${log} combined; keepalive_requests 1000000; location / { ${answer} }`,
      );
      await using server = await startProxy(service(nginx.port));
      // The request that found it up.
      await until(() => readFileSync(log).length > 0);
      let read = readFileSync(log).length;
      const seen = async () => {
        let text = "";
        await until(() => {
          text += readFrom(log, read + text.length);
          return / \/other\d+ .*\n$/.test(text);
        });
        read += text.length;
        return [...text.matchAll(/ "([^"]*)" \d{3} /g)].map(([, line]) => `${unescaped(line!).split(" HTTP/")[0]} 0`);
      };
      expect(await compare(server.port, seen, (line) => line.replace(/ \d+$/, " 0"))).toBeGreaterThan(RUNS / 4);
      rmSync(dirname(log), { recursive: true });
    },
    RUNS * 100,
  );
});

const unescaped = (text: string) =>
  text.replace(/\\x([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));

function readFrom(file: string, at: number): string {
  const open = openSync(file, "r");
  const bytes = Buffer.alloc(65_536);
  const length = readSync(open, bytes, 0, bytes.length, at);
  closeSync(open);
  return bytes.toString("latin1", 0, length);
}
