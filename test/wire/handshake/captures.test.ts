/** Handshakes against conversations that were captured from real servers. */
import { describe, expect, test } from "bun:test";
import {
  HANDSHAKE_KINDS,
  type HandshakeKind,
  type HandshakeOptions,
  recognizeGreeting,
} from "../../../src/wire/mod.ts";
import { concat, hex, latin1 } from "../support.ts";
import { byteByByte, captured, captures, digits, talk } from "./support.ts";

interface Row {
  kind: HandshakeKind;
  options?: HandshakeOptions;
  /** Bytes that the server sends around the captured ones, where the capture is only a part of what we ask. */
  before?: string;
  after?: string;
  /** What we send: all that was captured unless told otherwise; the last is the farewell where `saysGoodbye`. */
  sends?: readonly string[];
  saysGoodbye?: true;
  is: object;
}

const PING = "2a310d0a24340d0a50494e470d0a";
const up = (facts: object) => ({ state: "up", reason: undefined, facts });

const RAW: Record<string, Row> = {
  "redis 7.0.15": { kind: "redis", is: up({ role: "master", replicas: 1 }) },
  "redis auth": { kind: "redis", is: { state: "restricted", reason: "password-required" } },
  "redis replica": { kind: "redis", before: "+PONG\r\n", is: up({ role: "replica" }) },
  "postgres 15": { kind: "postgres", is: up({ authentication: "scram-sha-256" }) },
  "mariadb 10.11": {
    kind: "mysql",
    after: "\x07\0\0\x02\0\0\0\x02\0\0\0",
    is: up({ version: "10.11.19-MariaDB-0+deb12u1", product: "MariaDB" }),
  },
  memcached: { kind: "memcached", sends: ["76657273696f6e0d0a"], is: up({ version: "1.6.18" }) },
  mosquitto: { kind: "mqtt", saysGoodbye: true, is: up({}) },
  "mosquitto auth": { kind: "mqtt", is: { state: "restricted", reason: "password-required" } },
  "mosquitto v5": { kind: "mqtt", options: { mqttVersion: 5 }, is: up({}) },
  nats: { kind: "nats", is: up({ version: "2.9.10" }) },
  // Where it wants a login we stop there.
  "nats auth": { kind: "nats", sends: [], is: { state: "restricted", reason: "password-required" } },
  ssh: { kind: "ssh", sends: [], is: up({ version: "OpenSSH_9.2p1 Debian-2+deb12u10", protocol: "2.0" }) },
  "gitea ssh": { kind: "ssh", sends: [], is: up({ version: "Go", protocol: "2.0" }) },
  rabbitmq: { kind: "amqp", is: up({ version: "3.10.8", product: "RabbitMQ", protocol: "0-9" }) },
  smb: { kind: "smb", is: up({ protocol: "SMB 2.1" }) },
  nut: {
    kind: "nut",
    options: { ups: "ups" },
    after: 'VAR ups ups.status "OL CHRG"\n',
    sends: ["5645520a", digits(latin1("GET VAR ups ups.status\n"))],
    is: up({ version: "2.8.0", status: "OL CHRG" }),
  },
  ftp: { kind: "ftp", saysGoodbye: true, is: up({ status: "(vsFTPd 3.0.3)" }) },
  ldap: { kind: "ldap", is: up({}) },
  imap: { kind: "imap", saysGoodbye: true, is: up({ status: "Dovecot (Debian) ready." }) },
  // EHLO is not needed.
  smtp: { kind: "smtp", sends: ["515549540d0a"], saysGoodbye: true, is: up({ status: "box.home.arpa ESMTP Postfix" }) },
  "mongo ferretdb hello": { kind: "mongodb", is: up({ role: "standalone", protocol: "wire version 21" }) },
  "mongo-java hello": { kind: "mongodb", sends: [], is: {} },
};
/** The second question of a server that does not know `hello`: their first is another conversation. */
const IS_MASTER = ["mongo ferretdb isMaster", "mongo-java isMaster"];

function serverChunks(name: string): Uint8Array[] {
  const { greeting, talk: pairs } = captured(name);
  const { before = "", after = "" } = RAW[name] ?? {};
  const all = [latin1(before), hex(greeting), ...pairs.map(([, answered]) => hex(answered)), latin1(after)];
  return all.filter((chunk) => chunk.length > 0);
}

function expectTalk(name: string, row: Row, chunks: readonly Uint8Array[]): void {
  const { sent, outcome, farewell } = talk(row.kind, chunks, row.options);
  expect(outcome).toMatchObject(row.is);
  if (row.is && "facts" in row.is) expect(outcome!.facts).toEqual(row.is.facts as object);
  const expected = row.sends ?? captured(name).talk.map(([bytes]) => bytes);
  if (row.kind === "mysql") return;
  const both = row.saysGoodbye ? [...sent, farewell] : sent;
  expect(row.before === undefined ? both : both.slice(1)).toEqual([...expected]);
}

describe("captured conversations", () => {
  if (captures.length === 0) {
    test("are not here: shared/data/handshakes.json is kept beside the repository", () => {});
    return;
  }
  const raw = Object.entries(RAW).filter(([name]) => name !== "mongo-java hello");

  test.each(raw)("%s, whole answers", (name, row) => expectTalk(name, row, serverChunks(name)));

  test.each(raw)("%s, byte by byte", (name, row) => expectTalk(name, row, byteByByte(serverChunks(name))));

  test.each(raw)("%s, cut at every place: no outcome from a part that the whole does not have", (name, row) => {
    const all = concat(...serverChunks(name));
    const whole = talk(row.kind, [all], row.options).outcome;
    for (let at = 0; at < all.length; at++) {
      const { outcome } = talk(row.kind, [all.subarray(0, at)], row.options);
      if (outcome !== undefined) expect(outcome).toEqual(whole!);
      expect(talk(row.kind, [all.subarray(0, at), all.subarray(at)], row.options).outcome).toEqual(whole!);
    }
  });

  test.each(IS_MASTER)("%s, after a server that does not know hello", (name) => {
    const [hello, answer] = captured("mongo-java hello").talk[0]!;
    const [isMaster, second] = captured(name).talk[0]!;
    for (const chunks of [[hex(answer), hex(second)], byteByByte([hex(answer), hex(second)])]) {
      const { sent, outcome } = talk("mongodb", chunks);
      expect(sent).toEqual([hello, isMaster]);
      expect(outcome).toMatchObject({ state: "up", facts: { role: "standalone" } });
    }
  });

  const http = captures.filter(({ talk: pairs }) => pairs[0]?.[0].startsWith("474554"));

  test("of HTTP are recognised, and are up for no raw handshake", () => {
    expect(http).toHaveLength(15);
    for (const { name } of http) {
      const answer = concat(...serverChunks(name));
      expect(recognizeGreeting(answer)).toBe("http");
      for (const kind of HANDSHAKE_KINDS) expect(talk(kind, [answer]).outcome?.state ?? "down").toBe("down");
    }
  });

  test("are all of them tried", () => {
    const tried = new Set([...Object.keys(RAW), ...IS_MASTER, ...http.map(({ name }) => name)]);
    expect(captures.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
    expect(captures).toHaveLength(39);
  });

  test("are recognised by their greeting where the server speaks first", () => {
    const greeted = captures.filter(({ greeting }) => greeting !== "");
    expect(Object.fromEntries(greeted.map(({ name, greeting }) => [name, recognizeGreeting(hex(greeting))]))).toEqual({
      "mariadb 10.11": "mysql",
      nats: "nats",
      "nats auth": "nats",
      ssh: "ssh",
      "gitea ssh": "ssh",
      ftp: "ftp",
      imap: "imap",
      smtp: "smtp",
    });
    const answersToPing = captures.filter(({ talk: pairs }) => pairs[0]?.[0] === PING);
    for (const { talk: pairs } of answersToPing) expect(recognizeGreeting(hex(pairs[0]![1]))).toBe("redis");
  });
});
