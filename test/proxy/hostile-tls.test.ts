/** T03 and H15: ClientHellos that are old, huge, or lie, each without and with a certificate for a validation in force. */
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "../certificates/support.ts";
import { concat, hex, latin1 } from "../wire/support.ts";
import { answered, startListeners, tlsTo } from "./listeners-support.ts";
import { get, statusOf } from "./support.ts";

const BOTH = "https: 127.0.0.1:0, http: off, workers: 1, tls: { handshake: 1s }";

const uint16 = (value: number) => Uint8Array.of(value >> 8, value & 255);
const block16 = (bytes: Uint8Array) => concat(uint16(bytes.length), bytes);
const extension = (type: number, data: Uint8Array) => concat(uint16(type), block16(data));
const named = (name: string) => extension(0, block16(concat(hex("00"), block16(latin1(name)))));
const offered = (name: string) => extension(16, block16(concat(Uint8Array.of(name.length), latin1(name))));
const padding = (length: number) => extension(21, new Uint8Array(length));
const USUAL = concat(extension(10, block16(hex("001d 0017"))), extension(13, block16(hex("0403 0804 0401"))));

/** A hello of TLS 1.2 at most, so that the answer is in the clear, cut into records. */
function hello(extensions: Uint8Array, version = "0303"): Uint8Array {
  const front = concat(hex(version), new Uint8Array(32).fill(7), hex("00 0004 c02b c02f 01 00"));
  const body = concat(front, block16(concat(USUAL, extensions)));
  const message = concat(Uint8Array.of(1, body.length >> 16), uint16(body.length & 0xffff), body);
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += 16_384) {
    records.push(concat(hex("160301"), block16(message.subarray(at, at + 16_384))));
  }
  return concat(...records);
}

/** What the first record of an answer is. */
function kindOf(bytes: Buffer): string {
  if (bytes.length < 7) return "closed";
  if (bytes[0] === 21) return `alert ${bytes[6]}`;
  return bytes[0] === 22 && bytes[5] === 2 ? "hello" : "something else";
}

async function answerTo(port: number, bytes: Uint8Array): Promise<{ kind: string; bytes: Buffer; socket: Socket }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let got: Buffer = Buffer.alloc(0);
  const isOver = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  const hasAnswer = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (got.length >= 7) resolve();
    });
  });
  socket.write(bytes);
  await Promise.race([isOver, hasAnswer]);
  return { kind: kindOf(got), bytes: got, socket };
}

const CASES: [name: string, bytes: Uint8Array, expected: RegExp][] = [
  ["TLS 1.0", hello(named("app.home.arpa"), "0301"), /^alert 70$/],
  ["TLS 1.1", hello(named("app.home.arpa"), "0302"), /^alert 70$/],
  ["TLS 1.2, which is served", hello(named("app.home.arpa")), /^hello$/],
  ["SSL 2", hex("80 2e 01 00 02 00 15 00 00 00 10"), /^(closed|alert)/],
  ["HTTP in the clear", latin1("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), /^(closed|alert)/],
  ["60 KiB of padding", hello(concat(named("app.home.arpa"), padding(61_440))), /^(closed|alert)/],
  ["a length of 16 MiB", concat(hex("16 0301 4000 01 ffffff"), new Uint8Array(16_380)), /^(closed|alert)/],
  ["a record above 2^14 bytes", hex("16 0301 ffff 01 00fffb"), /^(closed|alert)/],
  ["half of a hello", hello(named("app.home.arpa")).subarray(0, 60), /^(closed|alert)/],
  ["an empty name", hello(named("")), /^(closed|alert)/],
  ["a name of 256 bytes", hello(named("a".repeat(256))), /^(closed|alert)/],
  ["a name of 255 bytes, which is unknown", hello(named("a".repeat(255))), /^hello$/],
  ["a name with NUL", hello(named("app\0.home.arpa")), /^(closed|alert)/],
  ["a protocol that nobody has", hello(concat(named("app.home.arpa"), offered("zz/9"))), /^hello$/],
  [
    "acme-tls/1 for a name without a challenge",
    hello(concat(named("app.home.arpa"), offered("acme-tls/1"))),
    /^hello$/,
  ],
  ["an empty protocol", hello(concat(named("app.home.arpa"), offered(""))), /^(closed|alert)/],
];

describe.each([
  ["without a challenge", false],
  ["with a challenge in force", true],
] as const)("%s", (_, hasChallenge) => {
  test("no hello but a good one is answered, all end in time, and others are served", async () => {
    const { server, store, acme } = await startListeners(BOTH, "app: { respond: app }");
    const name = "validated.example.org";
    const remove = hasChallenge ? await store.challenges.serveTls(name, await acme.issue(request(name))) : undefined;
    const { port } = server("https");
    const answers = await Promise.all(CASES.map(([, bytes]) => answerTo(port, bytes)));
    expect(CASES.filter(([, , expected], at) => !expected.test(answers[at]!.kind)).map(([each]) => each)).toEqual([]);
    // ServerHello names no protocol where none was agreed on.
    const withProtocol = CASES.findIndex(([each]) => each.startsWith("a protocol"));
    expect(answers[withProtocol]!.bytes.includes("zz/9")).toBe(false);
    const good = await tlsTo(port, { servername: "app.home.arpa", ALPNProtocols: ["zz/9"] });
    expect(good.alpnProtocol).toBe(false);
    expect(statusOf(await answered(good, get("/", "app.home.arpa"), () => false))).toBe(200);
    for (const { socket } of answers) socket.destroy();
    remove?.();
    await store.idle();
  });
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const skipsHere = !hasOpenssl && process.env.CI !== "true";
const without = skipsHere ? ": needs openssl" : "";

/** Talks with openssl's client. @returns all that it says */
async function openssl(port: number, input: string, ...more: string[]): Promise<string> {
  const words = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "app.home.arpa", ...more];
  const client = Bun.spawn(["openssl", ...words], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  client.stdin.write(input);
  await client.stdin.flush();
  const said = await Promise.all([new Response(client.stdout).text(), new Response(client.stderr).text()]);
  await client.exited;
  return said.join("");
}

test.skipIf(skipsHere)(`a client's renegotiation is refused${without}`, async () => {
  const { server } = await startListeners(BOTH, "app: { respond: app }");
  const said = await openssl(server("https").port, "R\n", "-tls1_2");
  expect(said).toContain("RENEGOTIATING");
  // no_renegotiation
  expect(said).toContain("alert number 100");
  expect(said).not.toContain("HTTP/1.1");
});

test.skipIf(skipsHere)(`no session allows early data, which could be sent twice (H15)${without}`, async () => {
  const { server } = await startListeners(BOTH, "app: { respond: app }");
  const { port } = server("https");
  const folder = mkdtempSync(join(tmpdir(), "tenk-early-"));
  const [session, early] = [join(folder, "session"), join(folder, "early")];
  writeFileSync(early, get("/early", "app.home.arpa"));
  const first = await openssl(port, get("/", "app.home.arpa"), "-tls1_3", "-sess_out", session);
  const second = await openssl(port, get("/", "app.home.arpa"), "-tls1_3", "-sess_in", session, "-early_data", early);
  rmSync(folder, { recursive: true });
  expect(first).toMatch(/Max Early Data: 0\b/);
  expect(second).toMatch(/Early data was (not sent|rejected)/);
  expect([first, second].map((said) => said.match(/HTTP\/1\.1 200 /g)?.length)).toEqual([1, 1]);
});
