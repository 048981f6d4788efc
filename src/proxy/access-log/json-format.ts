import type { Exchange } from "../../http/mod.ts";
import { FieldName } from "../../wire/http1/mod.ts";
import {
  type Begun,
  fieldAt,
  type LineFormat,
  type LoggedResult,
  MAX_LINE_BYTES,
  type Pieces,
  PROTOCOLS,
  ROOM,
  statusOf,
  writeField,
} from "./formats.ts";
import { ascii, LineWriter } from "./line-writer.ts";
import { writeUrl } from "./url.ts";

const TEXT = {
  info: ascii('{"level":"info","ts":'),
  error: ascii('{"level":"error","ts":'),
  logger: ascii(',"logger":"http.log.access","msg":"handled request","request":{'),
  remote: ascii('"remote_ip":"'),
  client: ascii('","client_ip":"'),
  proto: ascii('","proto":"'),
  method: ascii('","method":"'),
  host: ascii('","host":"'),
  uri: ascii('","uri":"'),
  headers: ascii('","headers":{'),
  agent: ascii('"User-Agent":["'),
  referer: ascii('"Referer":["'),
  endOfList: ascii('"]'),
  comma: ascii(","),
  endOfRequest: ascii("}}"),
  bytesRead: ascii(',"bytes_read":'),
  user: ascii(',"user_id":"'),
  duration: ascii('","duration":'),
  size: ascii(',"size":'),
  status: ascii(',"status":'),
  firstByte: ascii(',"first_byte":'),
  outcome: ascii(',"outcome":"'),
  service: ascii('","service":"'),
  target: ascii('","target":"'),
  retries: ascii('","retries":'),
  end: ascii("}\n"),
  rejected: ascii(
    '","proto":"","method":"","host":"","uri":"","headers":{}},"bytes_read":0,"user_id":"","duration":0,"size":0,"status":',
  ),
  endOfText: ascii('"}\n'),
};

/**
 * One object a line, with the names of Caddy's access log, so that what reads that reads this: `goaccess --log-format=CADDY`, fail2ban,
 * CrowdSec. Our own are `first_byte` (seconds to the answer's head), `outcome`, `service`, `target` and `retries`.
 */
export const JSON_FORMAT: LineFormat = {
  begin(writer, { exchange, head, bytes, peer, address }: Begun, pieces: Pieces) {
    const { protocol } = exchange;
    if (peer !== lastPeer || address !== lastAddress || protocol !== lastProtocol) {
      lastPeer = peer;
      lastAddress = address;
      lastProtocol = protocol;
      clientPart = clientPartOf(peer, address, protocol);
    }
    writer.raw(clientPart);
    writer.escaped(bytes, head.methodStart, head.methodEnd, ROOM.method);
    writer.raw(TEXT.host);
    if (head.hostStart >= 0) writer.escaped(bytes, head.hostStart, head.hostEnd, ROOM.host);
    writer.raw(TEXT.uri);
    writeUrl(writer, bytes, head.targetStart, head.targetEnd, ROOM.uri);
    writer.raw(TEXT.headers);
    const agent = fieldAt(head, FieldName.userAgent);
    const referer = fieldAt(head, FieldName.referer);
    if (agent >= 0) {
      writer.raw(TEXT.agent);
      writeField(writer, head, bytes, agent, ROOM.agent);
      writer.raw(TEXT.endOfList);
      if (referer >= 0) writer.raw(TEXT.comma);
    }
    if (referer >= 0) {
      writer.raw(TEXT.referer);
      writeUrl(writer, bytes, head.fields[referer + 2]!, head.fields[referer + 3]!, ROOM.referer);
      writer.raw(TEXT.endOfList);
    }
    writer.raw(TEXT.endOfRequest);
    pieces.firstEnd = writer.at;
  },

  end(
    writer,
    exchange: Exchange,
    { bytes, start, firstEnd }: Pieces,
    { user, service, target, retries }: LoggedResult,
  ) {
    const status = statusOf(exchange);
    writer.raw(status >= 500 ? TEXT.error : TEXT.info);
    writeTime(writer, Date.now());
    writer.raw(TEXT.logger);
    writer.copy(bytes, start, firstEnd);
    writer.raw(TEXT.bytesRead);
    writer.count(exchange.requestBodyBytes);
    writer.raw(TEXT.user);
    if (user !== undefined) writer.text(user, ROOM.user);
    writer.raw(TEXT.duration);
    writer.fraction(microseconds(exchange.endedMs - exchange.startedMs), 6);
    writer.raw(TEXT.size);
    writer.count(exchange.responseBodyBytes);
    writer.raw(TEXT.status);
    writer.count(status);
    if (exchange.firstByteMs > 0) {
      writer.raw(TEXT.firstByte);
      writer.fraction(microseconds(exchange.firstByteMs - exchange.startedMs), 6);
    }
    const { outcome } = exchange;
    if (outcome !== lastOutcome || service !== lastService || target !== lastTarget) {
      lastOutcome = outcome;
      lastService = service;
      lastTarget = target;
      servicePart = servicePartOf(outcome, service, target);
    }
    writer.raw(servicePart);
    writer.count(retries);
    writer.raw(TEXT.end);
  },

  rejected(writer: LineWriter, address: string, status: number, reason: string) {
    writer.raw(status >= 500 ? TEXT.error : TEXT.info);
    writer.fraction(Date.now(), 3);
    writer.raw(TEXT.logger);
    writer.raw(TEXT.remote);
    writer.text(address, ROOM.address);
    writer.raw(TEXT.client);
    writer.text(address, ROOM.address);
    writer.raw(TEXT.rejected);
    writer.count(status);
    writer.raw(TEXT.outcome);
    writer.text(reason, ROOM.user);
    writer.raw(TEXT.endOfText);
  },
};

// Parts that are those of the request before, most of the time.
let lastPeer: string | undefined;
let lastAddress: string | undefined;
let lastProtocol: string | undefined;
let clientPart = ascii("");
let lastOutcome: string | undefined;
let lastService: string | undefined;
let lastTarget: string | undefined;
let servicePart = ascii("");

let lastSecond = 0;
let secondPart = ascii("");

/** Seconds since 1970. Those before the point are made once a second. */
function writeTime(writer: LineWriter, ms: number): void {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    secondPart = ascii(`${second}.`);
  }
  writer.raw(secondPart);
  writer.digits(ms - second * 1000, 3);
}

function clientPartOf(peer: string, address: string, protocol: Exchange["protocol"]): Uint8Array {
  const writer = partWriter();
  writer.raw(TEXT.remote);
  writer.text(peer, ROOM.address);
  writer.raw(TEXT.client);
  writer.text(address, ROOM.address);
  writer.raw(TEXT.proto);
  writer.raw(PROTOCOLS[protocol]);
  writer.raw(TEXT.method);
  return writer.bytes.slice(0, writer.at);
}

function servicePartOf(outcome: string, service: string | undefined, target: string | undefined): Uint8Array {
  const writer = partWriter();
  writer.raw(TEXT.outcome);
  writer.text(outcome, ROOM.user);
  if (service !== undefined) {
    writer.raw(TEXT.service);
    writer.text(service, ROOM.user);
  }
  if (target !== undefined) {
    writer.raw(TEXT.target);
    writer.text(target, ROOM.target);
  }
  writer.raw(TEXT.retries);
  return writer.bytes.slice(0, writer.at);
}

/** For what many lines have in common. */
function partWriter(): LineWriter {
  return new LineWriter(new Uint8Array(MAX_LINE_BYTES), "json");
}

function microseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
