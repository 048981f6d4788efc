/**
 * Node's own HTTP clients, as the soak of the proxy uses them: each line of standard input is an order as JSON, each line of
 * standard output its result. Arguments: the proxy's HTTPS port, and the service's name.
 */
import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const [port, host] = [Number(process.argv[2]), process.argv[3]];
const tls = { host: "127.0.0.1", port, servername: host, rejectUnauthorized: false };
const agent = new https.Agent({ keepAlive: true, maxSockets: 32 });
const CHUNK = Buffer.alloc(65_536, 1);
const AUTHORITY = `${host}:${port}`;
const ABORTED_BYTES = 200_000;
/** For one request: what takes longer hangs. */
const MOST_MS = 30_000;
/** Streams of an HTTP/2 connection before it is closed. */
const STREAMS = 500;
let sessions = [];

/** Waits for an event that a stream which ends otherwise never has. */
async function event(stream, name) {
  let closed;
  const ended = new Promise((_, reject) => {
    closed = () => reject(new Error(`closed before ${name}, code ${stream.rstCode}`));
    stream.once("close", closed);
  });
  try {
    return await Promise.race([once(stream, name), ended]);
  } finally {
    stream.off("close", closed);
  }
}

const request1 = (method, path, more = {}) =>
  https.request({ ...tls, agent, method, path, headers: { host: AUTHORITY, ...more } });

function session() {
  sessions = sessions.filter((each) => !each.closed && !each.destroyed);
  let found = sessions.find((each) => each.used < STREAMS);
  if (found === undefined || (sessions.length < 4 && Math.random() < 0.1)) {
    found = http2.connect(`https://${AUTHORITY}`, { ...tls, ALPNProtocols: ["h2"] });
    found.used = 0;
    found.on("error", () => {});
    sessions.push(found);
  }
  found.used += 1;
  return found;
}

function request2(method, path) {
  const found = session();
  const headers = { ":method": method, ":path": path, ":authority": AUTHORITY };
  const sent = found.request(headers, { endStream: method === "GET" });
  sent.on("error", () => {});
  if (found.used === STREAMS) found.close();
  return sent;
}

async function get1() {
  const sent = request1("GET", "/").end();
  const [answer] = await event(sent, "response");
  let bytes = 0;
  for await (const chunk of answer) bytes += chunk.length;
  if (answer.statusCode !== 200 || bytes !== 100) throw new Error(`status ${answer.statusCode}, ${bytes} bytes`);
}

async function get2() {
  const sent = request2("GET", "/").end();
  const [fields] = await event(sent, "response");
  let bytes = 0;
  for await (const chunk of sent) bytes += chunk.length;
  if (fields[":status"] !== 200 || bytes !== 100) throw new Error(`status ${fields[":status"]}, ${bytes} bytes`);
}

async function abortDownload1() {
  const sent = request1("GET", "/endless").end();
  sent.on("error", () => {});
  const [answer] = await event(sent, "response");
  answer.on("error", () => {});
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > ABORTED_BYTES) break;
  }
  sent.destroy();
}

async function abortDownload2() {
  const sent = request2("GET", "/endless").end();
  let bytes = 0;
  for await (const chunk of sent) {
    bytes += chunk.length;
    if (bytes > ABORTED_BYTES) break;
  }
  sent.close(http2.constants.NGHTTP2_CANCEL);
}

async function abortUpload1() {
  const sent = request1("POST", "/count", { "content-length": 1e9 });
  sent.on("error", () => {});
  for (let count = 0; count < 4; count++) if (!sent.write(CHUNK)) await event(sent, "drain");
  sent.destroy();
}

async function abortUpload2() {
  const sent = request2("POST", "/count");
  for (let count = 0; count < 4; count++) if (!sent.write(CHUNK)) await event(sent, "drain");
  sent.close(http2.constants.NGHTTP2_CANCEL);
}

async function inTime(way) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${way.name} did not end in ${MOST_MS} ms`)), MOST_MS);
  });
  try {
    await Promise.race([way(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function many(count, atOnce, ways) {
  let begun = 0;
  let failed = 0;
  let why;
  const one = async () => {
    while (begun < count) {
      const way = ways[begun++ % ways.length];
      try {
        await inTime(way);
      } catch (error) {
        failed += 1;
        why = String(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { failed, why };
}

/** Reads so many bytes at about so many a second, in bursts. */
async function slowDownload({ bytes, perSecond, protocol }) {
  const sent = protocol === 2 ? request2("GET", `/bytes/${bytes}`).end() : request1("GET", `/bytes/${bytes}`).end();
  const source = protocol === 2 ? sent : (await event(sent, "response"))[0];
  const startMs = performance.now();
  let got = 0;
  for await (const chunk of source) {
    got += chunk.length;
    const aheadMs = (got / perSecond) * 1000 - (performance.now() - startMs);
    if (aheadMs > 20) await sleep(aheadMs);
  }
  return { got };
}

/** The target reads slowly, by its path. */
async function upload({ bytes, perSecond, protocol }) {
  const path = `/slow-count/${perSecond}`;
  const sent = protocol === 2 ? request2("POST", path) : request1("POST", path, { "content-length": bytes });
  for (let left = bytes; left > 0; left -= CHUNK.length) if (!sent.write(CHUNK)) await event(sent, "drain");
  sent.end();
  let text = "";
  for await (const chunk of protocol === 2 ? sent : (await event(sent, "response"))[0]) text += chunk;
  return { got: Number(text) };
}

/** Each event says when it was sent, on the clock that all processes of the machine share. */
async function events({ count, protocol }) {
  const path = `/events/${count}`;
  const sent = protocol === 2 ? request2("GET", path).end() : request1("GET", path).end();
  const delaysMs = [];
  for await (const chunk of protocol === 2 ? sent : (await event(sent, "response"))[0])
    for (const [, at] of String(chunk).matchAll(/data: ([\d.]+)/g))
      delaysMs.push(performance.timeOrigin + performance.now() - Number(at));
  delaysMs.sort((a, b) => a - b);
  return {
    events: delaysMs.length,
    p50Ms: delaysMs[delaysMs.length >> 1],
    p99Ms: delaysMs[Math.floor(delaysMs.length * 0.99)],
  };
}

const ORDERS = {
  requests: ({ count }) => many(count, 32, [get1, get2]),
  downloads: ({ count }) => many(count, 16, [abortDownload1, abortDownload2]),
  uploads: ({ count }) => many(count, 16, [abortUpload1, abortUpload2]),
  slowDownload,
  upload,
  events,
  close() {
    agent.destroy();
    for (const each of sessions) each.destroy();
    sessions = [];
    return {};
  },
};

for await (const line of createInterface(process.stdin)) {
  const order = JSON.parse(line);
  console.log(JSON.stringify(await ORDERS[order.what](order)));
}
