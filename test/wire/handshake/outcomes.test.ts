import { describe, expect, test } from "bun:test";
import { ScramLogin } from "../../../src/wire/handshake/scram.ts";
import { beginHandshake, HANDSHAKE_KINDS, type HandshakeKind, type HandshakeOptions } from "../../../src/wire/mod.ts";
import { concat, hex, latin1 } from "../support.ts";
import { byteByByte, digits, talk } from "./support.ts";

const LOGIN = { user: "u", password: "p" };
const pgError = (state: string, text = "m") => {
  const body = latin1(`SFATAL\0VFATAL\0C${state}\0M${text}\0\0`);
  return concat(latin1("E"), Uint8Array.of(0, 0, 0, body.length + 4), body);
};
const PG_OK = hex("52 00000008 00000000");
const myError = (code: number, sequence = 0, text = "m") =>
  concat(Uint8Array.of(3 + text.length, 0, 0, sequence, 0xff, code & 255, code >> 8), latin1(text));
const MY_GREETING = concat(
  latin1("\x4f\0\0\0\x0a8.0.36\0\x01\0\0\0aaaaaaaa\0\xff\xff\x21\0\0\xff\xff\x15"),
  new Uint8Array(10),
  latin1("bbbbbbbbbbbb\0caching_sha2_password\0"),
);
const greeting = concat(Uint8Array.of(MY_GREETING.length - 4), MY_GREETING.subarray(1));

type Row = [kind: HandshakeKind, answers: (string | Uint8Array)[], expected: string, options?: HandshakeOptions];
const ROWS: Row[] = [
  ["redis", ["-LOADING Redis is loading the dataset in memory\r\n"], "starting starting"],
  ["redis", ["-MASTERDOWN Link with MASTER is down\r\n"], "degraded replica-without-master"],
  ["redis", ["-ERR max number of clients reached\r\n"], "degraded full"],
  ["redis", ["-DENIED Redis is running in protected mode\r\n"], "restricted address-refused"],
  ["redis", ["-MISCONF Redis is configured to save RDB snapshots\r\n"], "degraded storage-failing"],
  ["redis", ["-constructor x\r\n"], "down unavailable"],
  ["redis", ["+PONG\r\n", "-ERR unknown command 'ROLE'\r\n"], "up undefined"],
  ["redis", ["+PONG\r\n", "*2\r\n$8\r\nsentinel\r\n*0\r\n"], "up undefined"],
  [
    "redis",
    ["+PONG\r\n", "*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$7\r\nconnect\r\n:-1\r\n"],
    "degraded replica-without-master",
  ],
  ["redis", ["+PONG\r\n", "*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$4\r\nsync\r\n:-1\r\n"], "starting replica-syncing"],
  ["redis", ["-WRONGPASS invalid username-password pair\r\n"], "restricted password-wrong", LOGIN],
  ["redis", ["-ERR invalid password\r\n"], "restricted password-wrong", LOGIN],
  ["redis", ["-ERR Client sent AUTH, but no password is set\r\n", "+PONG\r\n", "-NOPERM\r\n"], "up undefined", LOGIN],
  ["redis", ["+OK\r\n", "-NOPERM this user has no permissions\r\n"], "restricted not-authorised", LOGIN],
  ["postgres", [pgError("57P03")], "starting starting"],
  ["postgres", [pgError("53300")], "degraded full"],
  ["postgres", [pgError("28000")], "restricted address-refused"],
  ["postgres", [concat(PG_OK, pgError("28000"))], "restricted no-such-user"],
  ["postgres", [concat(PG_OK, pgError("3D000"))], "restricted no-such-database"],
  ["postgres", [pgError("28P01")], "restricted password-wrong", LOGIN],
  ["postgres", [pgError("XX000")], "down unavailable"],
  ["postgres", [hex("52 00000008 00000003")], "restricted password-not-sent", LOGIN],
  ["postgres", [concat(PG_OK, latin1("S\0\0\0\x18server_version\x0015.6\0Z\0\0\0\x05I"))], "up undefined"],
  ["mysql", [myError(1040)], "degraded full"],
  ["mysql", [myError(1129)], "restricted address-blocked"],
  ["mysql", [myError(1130)], "restricted address-refused"],
  ["mysql", [greeting, myError(1045, 2, "#28000m")], "restricted password-required"],
  ["mysql", [greeting, myError(1045, 2, "#28000m")], "restricted password-wrong", LOGIN],
  ["mysql", [greeting, hex("020000 02 0103"), hex("070000 03 00000002000000")], "up undefined", LOGIN],
  ["mysql", [greeting, hex("020000 02 0104"), myError(1045, 4)], "restricted password-not-sent", LOGIN],
  [
    "mysql",
    [greeting, hex("020000 02 0104"), hex("040000 04 01313233")],
    "down wrong-protocol",
    { ...LOGIN, isTrustedPath: true },
  ],
  ["mqtt", [hex("20020001")], "down wrong-protocol"],
  ["mqtt", [hex("20020003")], "down unavailable"],
  ["mqtt", [hex("20020005")], "restricted not-authorised", LOGIN],
  ["mqtt", [hex("20020004")], "restricted password-wrong", LOGIN],
  ["nats", ['INFO {"version":"2","tls_required":true}\r\n'], "restricted tls-required"],
  ["nats", ["-ERR 'maximum connections exceeded'\r\n"], "degraded full"],
  [
    "nats",
    ['INFO {"auth_required":true}\r\n', "-ERR 'Authorization Violation'\r\n"],
    "restricted password-wrong",
    LOGIN,
  ],
  ["nats", ['INFO {"auth_required":true}\r\n', "PING\r\n", "PONG\r\n"], "up undefined", LOGIN],
  ["nats", ["INFO []]\r\n"], "down wrong-protocol"],
  ["amqp", [latin1("AMQP\0\x01\0\0")], "down wrong-protocol"],
  ["memcached", ["ERROR Too many open connections\r\n"], "degraded full"],
  ["memcached", ["CLIENT_ERROR unauthenticated\r\n"], "restricted password-required"],
  ["memcached", ["+PONG\r\n"], "down wrong-protocol"],
  ["ssh", ["Exceeded MaxStartups\r\n"], "degraded full"],
  ["ssh", ["Not allowed at this time\r\n"], "restricted address-blocked"],
  ["ssh", ["welcome\r\nSSH-1.99-x\r\n"], "up undefined"],
  ["ssh", ["a\n".repeat(60)], "down wrong-protocol"],
  ["smtp", ["220-a\r\n220 b\r\n"], "up undefined"],
  ["smtp", ["421 4.7.0 box Error: too many connections from 192.0.2.1\r\n"], "degraded full"],
  ["smtp", ["554 no SMTP service here\r\n"], "down unavailable"],
  ["smtp", ["SSH-2.0-x\r\n"], "down wrong-protocol"],
  ["ftp", ["421 Service not available.\r\n"], "down unavailable"],
  ["imap", ["* PREAUTH hello\r\n"], "up undefined"],
  ["imap", ["* BYE shutting down\r\n"], "down unavailable"],
  ["ldap", [hex("300c 020101 6107 0a0130 0400 0400")], "restricted password-required"],
  ["ldap", [hex("300c 020101 6107 0a0131 0400 0400")], "restricted password-wrong", LOGIN],
  ["ldap", [hex("300c 020101 6107 0a010d 0400 0400")], "restricted tls-required"],
  ["ldap", [hex("3003 020101")], "down wrong-protocol"],
  ["smb", [concat(hex("00000040 fe534d42 4000 0000 bb0000c0"), new Uint8Array(52))], "up undefined"],
  ["smb", [hex("83000001 82")], "restricted address-refused"],
  ["smb", [concat(hex("00000040 ff534d42"), new Uint8Array(60))], "down wrong-protocol"],
  [
    "nut",
    ["Network UPS Tools upsd 2.8.0 - x\n", 'VAR a ups.status "OB DISCHRG"\n'],
    "degraded ups-on-battery",
    { ups: "a" },
  ],
  ["nut", ["Network UPS Tools upsd 2.8.0 - x\n", 'VAR a ups.status "OL RB"\n'], "degraded ups-attention", { ups: "a" }],
  ["nut", ["Network UPS Tools upsd 2.8.0 - x\n", "ERR DATA-STALE\n"], "degraded ups-no-data", { ups: "a" }],
  ["nut", ["Network UPS Tools upsd 2.8.0 - x\n", "ERR UNKNOWN-UPS\n"], "restricted no-such-ups", { ups: "a" }],
  ["nut", ["Network UPS Tools upsd 2.8.0 - x\n", "BEGIN LIST UPS\nEND LIST UPS\n"], "restricted no-such-ups"],
];

const chunksOf = (answers: readonly (string | Uint8Array)[]) =>
  answers.map((each) => (typeof each === "string" ? latin1(each) : each));

describe("an answer decides the outcome:", () => {
  test.each(ROWS.map((row, index) => ({ name: `${row[0]}, row ${index}: ${row[2]}`, row })))("$name", ({ row }) => {
    const [kind, answers, expected, options] = row;
    for (const chunks of [chunksOf(answers), byteByByte(chunksOf(answers))]) {
      const { outcome } = talk(kind, chunks, options);
      expect(`${outcome?.state} ${outcome?.reason}`).toBe(expected);
    }
  });

  test.each([...HANDSHAKE_KINDS])("%s that closes without a word, or in the middle, is down", (kind) => {
    expect(beginHandshake(kind).ended()).toMatchObject({ state: "down", reason: "closed" });
    const begun = beginHandshake(kind);
    begun.receive(latin1("\0").subarray(0, 1));
    expect(begun.ended()).toMatchObject({ state: "down", reason: "incomplete" });
  });

  test.each([...HANDSHAKE_KINDS])("%s never reads more than its bound", (kind) => {
    const handshake = beginHandshake(kind, { maxReplyBytes: 5000 });
    let step = handshake.receive(latin1("220-"));
    for (let count = 0; count < 10 && step.state !== "done"; count++) step = handshake.receive(new Uint8Array(1000));
    expect(step).toMatchObject({ state: "done", outcome: { state: "down" } });
  });
});

describe("what is sent", () => {
  test("to Redis names the user and the password by their bytes", () => {
    expect(talk("redis", [], { user: "ü", password: "a\r\nb" }).sent).toEqual([
      digits(concat(latin1("*3\r\n$4\r\nAUTH\r\n$2\r\n"), hex("c3bc"), latin1("\r\n$4\r\na\r\nb\r\n"))),
    ]);
  });

  test("to a UPS cannot become another command", () => {
    const { sent } = talk("nut", [latin1("Network UPS Tools upsd 2.8.0 -\n")], { ups: "a\nSET x" });
    expect(Buffer.from(sent[1]!, "hex").toString()).toBe("GET VAR aSETx ups.status\n");
  });

  test("to a UPS server asks for its first UPS where none is named", () => {
    const list = 'BEGIN LIST UPS\nUPS rack "x"\nUPS desk "y"\nEND LIST UPS\n';
    const { sent } = talk("nut", [latin1("Network UPS Tools upsd 2.8.0 -\n"), latin1(list)]);
    expect(Buffer.from(sent[2]!, "hex").toString()).toBe("GET VAR rack ups.status\n");
  });

  test("to MySQL after it wants another plugin proves the password with the new nonce, or stays empty", () => {
    const body = concat(latin1("\xfemysql_native_password\0"), latin1("cccccccccccccccccccc\0"));
    const change = concat(Uint8Array.of(body.length, 0, 0, 2), body);
    expect(talk("mysql", [greeting, change], LOGIN).sent[1]).toMatch(/^14000003[0-9a-f]{40}$/);
    const other = concat(hex("0a0000 02 fe"), latin1("dialog\0xx"));
    expect(talk("mysql", [greeting, other], LOGIN).sent[1]).toBe("00000003");
  });

  test("to PostgreSQL by SCRAM is what RFC 7677 has, and only the right server passes", () => {
    const login = new ScramLogin("pencil", "", "rOprNGfwEbeRWgbNEkqO");
    const first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    // The RFC's message has `n=user`; PostgreSQL takes the name from the startup packet, so the proof differs from the RFC's.
    expect(login.first).toBe("n,,n=,r=rOprNGfwEbeRWgbNEkqO");
    expect(login.final(first)).toMatch(
      /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/,
    );
    expect(login.verifies("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")).toBe(false);
    expect(login.final(first.replace("4096", "9999999"))).toBeUndefined();
    expect(login.final(first.replace("rOpr", "xxxx"))).toBeUndefined();
  });
});
