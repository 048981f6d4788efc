import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { commandLine } from "../../src/cli/command-line.ts";
import { failureOf } from "../../src/cli/failure.ts";
import { addWebSocketOptions, type WebSocketWords, webSocketOptionsOf } from "../../src/cli/load-ws-options.ts";
import { EXPECTABLE_OF_WEBSOCKET, parseExpectation, planWebSocket } from "../../src/load/mod.ts";
import { bunServer, rawServer, upgraded } from "../load/websocket/support.ts";
import { tenk } from "./tenk.ts";

const URL_TEXT = "ws://127.0.0.1:8080/";
const page = readFileSync(join(import.meta.dirname, "../../docs/load-websocket.md"), "utf8");

function read(words: readonly string[], url = URL_TEXT) {
  const command = new Command("ws")
    .argument("<url>")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const messages = addWebSocketOptions(command);
  command.parse([...words, url], { from: "user" });
  return planWebSocket(webSocketOptionsOf(command.args[0]!, command.opts<WebSocketWords>(), messages));
}

function refusal(words: readonly string[], url?: string): string {
  try {
    read(words, url);
  } catch (error) {
    expect(failureOf(error).exitCode).toBe(2);
    return failureOf(error).text;
  }
  throw new Error(`expected ${words.join(" ")} to be refused`);
}

describe("options", () => {
  test.each<[string[], object]>([
    [
      ["-c", "10k", "-r", "10", "-m", "ping", "-T", "30s"],
      { connections: 10_000, ratePerConnection: 10, durationMs: 30_000 },
    ],
    [["-m", "a", "--echo"], { answers: { kind: "order" }, pipeline: 0 }],
    [["-m", "a", "--wait-reply"], { answers: { kind: "order" }, pipeline: 1 }],
    [["-m", "a", "--latency-marker", "b"], { answers: { kind: "marker", text: new Uint8Array([0x62]), skip: 0 } }],
    [["-m", "\\{message.marker}"], { traffic: { answersTold: true } }],
    [["-m", "a", "-m", "\\{ws.ping}b"], { messagesPerSend: 2 }],
    [["--fragment", "1k", "--binary", "--ping", "0.5"], { fragmentBytes: 1024, binary: true, pingsPerSecond: 0.5 }],
    [["--max-message", "1MiB"], { maxMessageBytes: 1_048_576 }],
    [["--ws", "--latency-connect"], { connections: 1 }],
    [["--unix-socket", "/run/a.sock", "--insecure"], { path: "/run/a.sock", verifyTls: false }],
  ])("%j", (words, plan) => {
    const { request, ...rest } = read(words);
    expect(rest).toMatchObject(plan);
  });

  test("fields and subprotocols are in the opening handshake", () => {
    const { request } = read(
      ["-H", "Origin: http://a.example", "--subprotocol", "a", "--subprotocol", "b"],
      `${URL_TEXT}c?d=e`,
    );
    const text = Buffer.from(request.head).toString();
    expect(text).toStartWith(
      "GET /c?d=e HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    );
    expect(text).toContain("\r\nSec-WebSocket-Protocol: a, b\r\nOrigin: http://a.example\r\nSec-WebSocket-Key: ");
  });

  test.each([
    [["-d", "30s"], "-T 30s"],
    [["--ssl"], "wss://HOST/PATH"],
    [["--reply-length", "4"], "a message is a reply"],
    [["--statsd"], "is not carried over from tcpkali"],
    [["-H", "Sec-WebSocket-Protocol: a"], "--subprotocol asks for one"],
    [["-r", "10"], "there is a rate, but no message"],
    [["-m", "\\{ws.ping}", "--echo"], "holds no message, which could be answered"],
    [["-m", "a", "--pipeline", "2"], "give --wait-reply, --echo or --latency-marker"],
    [["-m", '\\{raw ""}'], "nothing is sent at a time"],
    [["-m", "\\{ws.pang}"], "expected one of ws.continuation"],
    [["-em", "\\xff"], "--binary sends any bytes"],
    [["-m", "a", "--echo", "--latency-marker", "a"], "exclude each other"],
  ])("%j is refused with what is meant: %s", (words, why) => {
    expect(refusal(words)).toContain(why);
  });

  test.each(["http://127.0.0.1/", "ws://127.0.0.1/#a", "127.0.0.1:80"])("%s is no URL of a WebSocket", (url) => {
    expect(refusal([], url)).toContain("for example ws://127.0.0.1:8080/chat");
  });
});

test("every option and every name to be expected is in the documentation or that of TCP", () => {
  const tcp = readFileSync(join(import.meta.dirname, "../../docs/load.md"), "utf8");
  const command = new Command("ws");
  addWebSocketOptions(command);
  const shown = command.options.filter(({ hidden }) => !hidden).map(({ long, short }) => long ?? short!);
  expect(shown.filter((name) => !page.includes(name) && !tcp.includes(name))).toEqual([]);
  for (const name of EXPECTABLE_OF_WEBSOCKET)
    expect(parseExpectation(`${name}=0${/p\d|max|lag/.test(name) ? "ms" : ""}`).names).toEqual([name]);
});

test("a kept command line has neither the query of the URL nor secret fields", () => {
  const words = ["load", "ws", "wss://a.example/b?token=c", "-H", "Cookie: d", "-m", "ws://e?f"];
  expect(commandLine(words)).toBe("tenk load ws wss://a.example/b -H 'Cookie: …' -m 'ws://e?f'");
});

describe("tenk load ws", () => {
  test("prints a report with pings, close codes and the verdict", async () => {
    await using server = bunServer();
    const words = ["load", "ws", server.url, "-c", "3", "--connect-rate", "1k", "-r", "20", "-m", "hello", "--echo"];
    const more = [
      "-T",
      "1s",
      "--ping",
      "5",
      "--no-live",
      "--no-save",
      "--expect",
      "pongs=100%",
      "--expect",
      "ping.p99<5s",
    ];
    const { stdout, code } = await tenk([...words, ...more]);
    expect(stdout).toMatch(/^\s*ws:\/\/127.0.0.1:\d+\/ {2}3 connections at 1000\/s, 20\/s each, "hello" of 5 B, 1s/);
    expect(stdout).toMatch(/pings +\d+ sent {2}0 without a pong/);
    expect(stdout).toMatch(/closed +3 with 1000/);
    expect(stdout).toMatch(/opening handshake .* 3\n/);
    expect([stdout.includes("PASS"), code]).toEqual([true, 0]);
  }, 30_000);

  test("says what the server broke, and fails", async () => {
    await using server = await rawServer(
      (socket, accept) => void socket.write(Buffer.concat([Buffer.from(upgraded(accept)), Buffer.of(0x83, 0)])),
    );
    const { stdout, code } = await tenk([
      "load",
      "ws",
      server.url,
      "-T",
      "200ms",
      "--no-live",
      "--no-save",
      "--json",
      "-",
    ]);
    const report = JSON.parse(stdout);
    expect(report.protocol).toMatchObject({ kind: "ws", errors: 1, errorsBy: { "unknown opcode 3": 1 } });
    expect([report.verdict.pass, code]).toEqual([false, 1]);
  }, 30_000);
});
