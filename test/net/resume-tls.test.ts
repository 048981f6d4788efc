import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { type ClientTlsOptions, Dialer } from "../../src/net/mod.ts";
import { TlsSessions } from "../../src/net/tls/sessions.ts";
import { until } from "./support.ts";

const pem = (name: string) => readFileSync(`${import.meta.dir}/fixtures/${name}.pem`, "utf8");

let server: Server | undefined;
afterEach(() => server?.close());

/** Greets each client, so that a ticket of TLS 1.3 has come when the greeting has. */
async function greeting(options: TlsOptions): Promise<number> {
  server = createServer({ cert: pem("localhost-cert"), key: pem("localhost-key"), ...options }, (socket) => {
    socket.on("error", () => {});
    socket.end("hello");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Connects several times, one after the other. @returns of each whether it resumed, or why it failed */
async function connects(port: number, tls: ClientTlsOptions): Promise<(boolean | string)[]> {
  let greeted = 0;
  const options = { host: "127.0.0.1", port, tls: { serverName: "localhost", ca: pem("localhost-cert"), ...tls } };
  const dialer = new Dialer(options, {
    chunk() {
      greeted += 1;
    },
  });
  const outcomes: (boolean | string)[] = [];
  for (let index = 0; index < 3; index++) {
    try {
      const connection = await dialer.connect();
      outcomes.push(connection.tls!.resumed);
      await until(() => greeted > index);
      expect(connection.tls?.authorized ?? true).toBe(tls.verify !== false);
      connection.close();
    } catch (error) {
      outcomes.push(((error as Error).cause as Error).message);
    }
  }
  return outcomes;
}

describe.each([["TLSv1.2"], ["TLSv1.3"]] as const)("over %s", (version) => {
  const options = { minVersion: version, maxVersion: version };

  test("a dialer resumes the sessions of its earlier connections", async () => {
    expect(await connects(await greeting(options), { resume: true })).toEqual([false, true, true]);
  });

  test("each handshake is a full one where nothing else is asked for", async () => {
    expect(await connects(await greeting(options), {})).toEqual([false, false, false]);
  });

  test("a session whose certificate was refused is not resumed", async () => {
    const refused = await connects(await greeting(options), { resume: true, ca: pem("phone-cert") });
    expect(new Set(refused).size).toBe(1);
    expect(refused[0]).toBeString();
  });
});

test("sessions are used once, the newest first, and the last for as long as there is no other", () => {
  const sessions = new TlsSessions();
  expect(sessions.take()).toBeUndefined();
  for (const byte of [1, 2, 3]) sessions.add(Uint8Array.of(byte));
  expect([1, 2, 3, 4].map(() => sessions.take()![0])).toEqual([3, 2, 1, 1]);
  for (let index = 0; index < 300; index++) sessions.add(Uint8Array.of(index % 256));
  let kept = 1;
  for (let last = sessions.take(); last !== sessions.take(); last = sessions.take()) kept += 1;
  expect(kept).toBeLessThanOrEqual(256);
});
