/**
 * The reader of answers and a plain one on strings agree about every input, however it is cut: statuses, content, interim answers, the
 * phase that it ends in, and whether it is refused. `TENK_FUZZ=5000000` gives it so many.
 */
import { isDeepStrictEqual } from "node:util";
import { ReaderScratch, type ResponsePhase, ResponseReader } from "../../../src/load/http/response-reader.ts";
import type { Random } from "../../wire/fuzz.ts";
import { plainChunked, RESPONSE_FORBIDDEN } from "../../wire/http1/plain-chunked.ts";
import { plainResponse } from "../../wire/http1/plain-head.ts";
import { bytesOf } from "../../wire/http1/support.ts";
import { run, text } from "../../wire/plain.ts";

const MAX_FIELDS = 256;
const MAX_INTERIMS = 32;

/** What came of the bytes of one connection. */
interface Outcome {
  /** `200 last hello`: status, whether the connection carries no other, content. */
  answers: string[];
  interims: number;
  phase: ResponsePhase;
  /** `open`: the end of the connection would end the answer. */
  end: "refused" | "incomplete" | "open";
}

interface PlainHead {
  status: number;
  version: number;
  contentLength: number;
  flags: string[];
}

function plainAnswers(bytes: string, isHead: boolean): Outcome {
  const answers: string[] = [];
  let [at, interims, interimsInAll] = [0, 0, 0];
  const ended = (end: Outcome["end"], phase: ResponsePhase): Outcome => ({
    answers,
    interims: interimsInAll,
    phase,
    end,
  });
  while (at < bytes.length) {
    const read = plainResponse(bytes.slice(at), undefined, MAX_FIELDS);
    if (typeof read === "string") return ended(read, "head");
    const { status, version, contentLength, flags } = read.value as PlainHead;
    at += read.length;
    if (status < 200) {
      interims += 1;
      interimsInAll += 1;
      if (status === 101 || interims > MAX_INTERIMS) return ended("refused", "head");
      continue;
    }
    interims = 0;
    const isChunked = flags.includes("isChunked");
    const persists = !flags.includes("wantsClose") && (version === 11 || flags.includes("wantsKeepAlive"));
    const last = persists ? "" : "last ";
    if (isHead || status === 204 || status === 304) answers.push(`${status} ${last}`);
    else if (isChunked) {
      const body = plainChunked(bytes.slice(at), RESPONSE_FORBIDDEN);
      if (typeof body === "string") return ended(body, "body");
      answers.push(`${status} ${last}${(body.value as { payload: string }).payload}`);
      at += body.length;
    } else if (contentLength >= 0) {
      if (bytes.length - at < contentLength) return ended("incomplete", "body");
      answers.push(`${status} ${last}${bytes.slice(at, at + contentLength)}`);
      at += contentLength;
    } else {
      answers.push(`${status} last ${bytes.slice(at)}`);
      return ended("open", "first byte");
    }
  }
  return ended("incomplete", interims > 0 ? "head" : "first byte");
}

const scratch = new ReaderScratch();

function readAnswers(bytes: Uint8Array, isHead: boolean, random: Random): Outcome {
  const answers: string[] = [];
  let [content, begun, interims] = ["", 0, 0];
  let broken: ResponsePhase | undefined;
  const reader: ResponseReader = new ResponseReader(scratch, {
    began: () => {
      begun += 1;
      reader.isHead = isHead;
    },
    head: () => {},
    interim: () => {
      interims += 1;
    },
    body(piece, from, to) {
      if (from > to || to > piece.length) throw new Error(`content from ${from} to ${to} of ${piece.length}`);
      content += text(piece.subarray(from, to));
    },
    broke(phase) {
      if (broken !== undefined) throw new Error("it broke twice");
      broken = phase;
    },
  });
  const done = () => {
    answers.push(`${reader.status} ${reader.isLast ? "last " : ""}${content}`);
    content = "";
  };
  const most = random(3) === 0 ? bytes.length : 1 + random(random(2) === 0 ? 8 : 200);
  for (let at = 0; at < bytes.length && broken === undefined; ) {
    const piece = bytes.slice(at, at + 1 + random(most));
    at += piece.length;
    for (let inside = 0; inside < piece.length && broken === undefined; ) {
      inside = reader.read(piece, inside);
      if (broken === undefined && reader.isDone) done();
    }
    // It is only borrowed.
    piece.fill(0xee);
  }
  const { phase } = reader;
  if (begun !== answers.length + (phase === "first byte" ? 0 : 1)) throw new Error(`${begun} answers began`);
  if (broken !== undefined) return { answers, interims, phase: broken, end: "refused" };
  if (!reader.finished()) return { answers, interims, phase, end: "incomplete" };
  done();
  return { answers, interims, phase: reader.phase, end: "open" };
}

function hold(bytes: Uint8Array, random: Random): void {
  const isHead = random(5) === 0;
  const plainly = plainAnswers(text(bytes), isHead);
  const ours = readAnswers(bytes, isHead, random);
  // The plain reader waits for the end of a head or line, and only then sees what is wrong.
  const end = plainly.end === "incomplete" && ours.end === "refused" ? ours.end : plainly.end;
  if (!isDeepStrictEqual(ours, { ...plainly, end }))
    throw new Error(`it says ${JSON.stringify(ours)}, plainly it is ${JSON.stringify(plainly)}`);
}

const SEEDS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\nHTTP/1.0 200 OK\r\n\r\nrest",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: <a>\r\n\r\nHTTP/1.1 201\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nSum: 1\r\n\r\nHTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\ne",
  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nokHTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
  `${"HTTP/1.1 103 E\r\n\r\n".repeat(32)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-For: a\r\nx_y: b\r\n\r\n",
].map(bytesOf);

const LINES = [
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.0 200 OK\r\n",
  "HTTP/1.1 204 No\r\n",
  "HTTP/1.1 103 E\r\n\r\n",
  "HTTP/1.1 101 S\r\n\r\n",
  "HTTP/1.1 599 X\r\n",
  "Content-Length: 3\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "X: y\r\n",
  "\r\n",
  "\r\n",
  "\r\n",
  "abc",
  "3\r\nabc\r\n",
  "1;a=b\r\nx\r\n",
  "0\r\n\r\n",
  "0\r\nHost: a\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
];

run("answers: changed a little", SEEDS, hold);
run("answers: put together from lines", SEEDS, (_, random) => {
  const lines = Array.from({ length: 1 + random(random(8) === 0 ? 60 : 9) }, () => LINES[random(LINES.length)]);
  hold(bytesOf(lines.join("")), random);
});
