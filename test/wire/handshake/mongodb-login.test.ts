import { expect, test } from "bun:test";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { readBson, writeBson } from "../../../src/wire/handshake/bson.ts";
import { ScramLogin } from "../../../src/wire/handshake/scram.ts";
import { beginHandshake, type HandshakeOptions, type HandshakeOutcome } from "../../../src/wire/mod.ts";

test("SCRAM-SHA-256 is that of RFC 7677 §3", () => {
  const login = new ScramLogin("pencil", "user", "rOprNGfwEbeRWgbNEkqO");
  expect(login.first).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  expect(login.final(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`)).toBe(
    `c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  );
  expect(login.verifies("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")).toBe(true);
  expect(login.verifies("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")).toBe(false);
});

const hmac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
const OK = { ok: 1 };

/** The server's side of a login, as MongoDB documents it; `password` is the right one. */
class FakeMongo {
  asked: string[] = [];
  database = "";
  #bare = "";
  #first = "";
  readonly #password: string;
  readonly #isOld: boolean;

  constructor(password: string, isOld = false) {
    this.#password = password;
    this.#isOld = isOld;
  }

  answer(fields: Map<string, unknown>): object {
    const [command] = fields.keys();
    this.asked.push(command!);
    this.database = String(fields.get("$db"));
    if (command === "hello") return { isWritablePrimary: true, maxWireVersion: 21, ...OK };
    const payload = String(fields.get("payload") ?? "");
    const reply = (text: string, done: boolean) => ({ conversationId: 7, done, payload: Buffer.from(text), ...OK });
    if (command === "saslStart") {
      this.#bare = payload.slice(3);
      const nonce = /r=(.*)$/.exec(payload)![1];
      this.#first = `r=${nonce}server,s=${Buffer.from("some salt").toString("base64")},i=15000`;
      return reply(this.#first, false);
    }
    if (payload === "") return reply("", true);
    const salted = pbkdf2Sync(this.#password, "some salt", 15_000, 32, "sha256");
    const signed = `${this.#bare},${this.#first},${payload.replace(/,p=.*/, "")}`;
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash("sha256").update(clientKey).digest(), signed);
    const proof = clientKey.map((byte, at) => byte ^ signature[at]!);
    if (!payload.endsWith(`p=${Buffer.from(proof).toString("base64")}`))
      return { ok: 0, code: 18, errmsg: "Authentication failed." };
    return reply(`v=${hmac(hmac(salted, "Server Key"), signed).toString("base64")}`, !this.#isOld);
  }
}

function talkTo(server: FakeMongo, options: HandshakeOptions): HandshakeOutcome | undefined {
  const handshake = beginHandshake("mongodb", options);
  let sent = handshake.hello;
  for (let turn = 0; turn < 10; turn++) {
    const body = writeBson(server.answer(readBson(sent.subarray(21))) as never);
    const message = Buffer.concat([Buffer.alloc(21), body]);
    message.writeInt32LE(message.length, 0);
    message.writeInt32LE(2013, 12);
    const step = handshake.receive(message);
    if (step.state === "done") return step.outcome;
    if (step.state === "send") sent = step.bytes;
  }
  return undefined;
}

test.each([
  [false, ["hello", "saslStart", "saslContinue"]],
  [true, ["hello", "saslStart", "saslContinue", "saslContinue"]],
])("logs in to MongoDB; one that wants an empty message more: %p", (isOld, asked) => {
  const server = new FakeMongo("secret", isOld);
  const login = { user: "me=,you", password: "secret", database: "shop" };
  expect(talkTo(server, login)).toMatchObject({ state: "up", facts: { role: "standalone" } });
  expect([server.asked, server.database]).toEqual([asked, "shop"]);
});

test("a wrong password is told as such, and without one there is no login", () => {
  expect(talkTo(new FakeMongo("secret"), { user: "me", password: "wrong" })).toMatchObject({
    state: "restricted",
    reason: "password-wrong",
    detail: "Authentication failed.",
  });
  const server = new FakeMongo("secret");
  expect(talkTo(server, {})).toMatchObject({ state: "up" });
  expect(server.asked).toEqual(["hello"]);
});

test("a server that does not prove that it knows the password too is none of ours", () => {
  const server = new FakeMongo("secret");
  const { answer } = server;
  server.answer = (fields) => {
    const given = answer.call(server, fields);
    return server.asked.length === 3 ? { ...given, payload: Buffer.from("v=AAAA") } : given;
  };
  expect(talkTo(server, { user: "me", password: "secret" })).toMatchObject({ reason: "wrong-protocol" });
});
