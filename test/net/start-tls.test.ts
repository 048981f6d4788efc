/** STARTTLS and everything else that may happen between its request and its end. */
import { expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as plainConnect } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { type Connection, type Handler, type ListenOptions, lines, listen, type Server } from "../../src/mod.ts";
import { Client, until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const FIRST = { cert: fixture("first-cert"), key: fixture("first-key") };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Answers the first line by STARTTLS, and does `meanwhile` before the handshake can have begun. */
function starting(meanwhile: (connection: Connection) => void, then: Handler = {}, options: ListenOptions = {}) {
  const handler: Handler = {
    ...then,
    framing: lines(),
    frame(connection, line) {
      if (connection.tls) return then.frame?.(connection, line);
      connection.write("go\n");
      const secured = connection.startTls(FIRST);
      meanwhile(connection);
      return secured;
    },
  };
  return listen({ host: "127.0.0.1", ...options }, handler);
}

async function visit(server: Server) {
  const raw = plainConnect(server.port, "127.0.0.1");
  raw.write("STARTTLS\n");
  expect(String((await once(raw, "data"))[0])).toBe("go\n");
  const ca = readFileSync(fixture("ca-cert"));
  const secure = tlsConnect({ socket: raw, ca, servername: "first.test" });
  const seen = { secure, bytes: 0, text: "" };
  secure.on("error", () => {});
  secure.on("data", (chunk: Buffer) => {
    seen.bytes += chunk.length;
    if (seen.text.length < 1000) seen.text += chunk.toString();
  });
  return seen;
}

test("a write queue that fills meanwhile does not hold the handshake up", async () => {
  let drains = 0;
  const drain = () => {
    drains += 1;
  };
  await using server = await starting((connection) => connection.write(new Uint8Array(300_000)), { drain });
  const visitor = await visit(server);
  await until(() => visitor.bytes === 300_000 && drains === 1);
  visitor.secure.destroy();
});

test("what is published meanwhile comes under TLS, and what is published later comes behind it", async () => {
  await using server = await starting(() => server.publish("news", "one\n"), {
    open: (connection) => connection.subscribe("news"),
    frame: () => server.publish("news", "two\n"),
  });
  const visitor = await visit(server);
  await until(() => visitor.text === "one\n");
  visitor.secure.write("more\n");
  await until(() => visitor.text === "one\ntwo\n");
  visitor.secure.destroy();
});

test("a connection that is paused meanwhile is paused afterwards, and resumes", async () => {
  let paused: Connection | undefined;
  let frames = 0;
  const pause = (connection: Connection) => {
    connection.pause();
    paused = connection;
  };
  const frame = () => {
    frames += 1;
  };
  await using server = await starting(pause, { frame }, { receiveBufferBytes: 8192 });
  const visitor = await visit(server);
  await once(visitor.secure, "secureConnect");
  visitor.secure.write(`${"x".repeat(999)}\n`.repeat(5000));
  await until(() => paused?.tls !== undefined && visitor.secure.writableLength > 0);
  await Bun.sleep(100);
  expect(frames).toBe(0);
  expect(paused!.bytesRead).toBeLessThan(1_000_000);
  paused!.resume();
  await until(() => frames === 5000);
  visitor.secure.destroy();
});

test("a line smuggled in behind the request is never given, even if the handler resumes meanwhile", async () => {
  const got: string[] = [];
  const reasons: string[] = [];
  const handler: Handler = {
    framing: lines(),
    frame(connection, line) {
      got.push(text(line));
      connection.pause();
      connection.startTls(FIRST).catch(() => {});
      connection.resume();
    },
    close: (_, why) => reasons.push(why),
  };
  await using server = await listen({ host: "127.0.0.1" }, handler);
  const smuggler = await new Client(server.port).connected();
  smuggler.socket.write("STARTTLS\nEVIL\n");
  await until(() => reasons.join() === "tls-failed");
  expect(got).toEqual(["STARTTLS"]);
});

test("half a line in the clear ends a connection that asks for TLS later: it would count as said under TLS", async () => {
  const heard: string[] = [];
  let ours: Connection | undefined;
  const handler: Handler = {
    framing: lines(),
    frame(connection, line) {
      heard.push(text(line));
      ours = connection;
    },
    close: (_, reason) => void heard.push(reason),
  };
  await using server = await listen({ host: "127.0.0.1" }, handler);
  const client = new Client(server.port);
  client.socket.write("STARTTLS\nEVI");
  await until(() => ours?.bytesRead === 12);
  await expect(ours!.startTls(FIRST)).rejects.toMatchObject({ code: "tls-failed" });
  await until(() => client.closed);
  expect(heard).toEqual(["STARTTLS", "tls-failed"]);
});
