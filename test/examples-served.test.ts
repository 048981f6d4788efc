import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { lengthPrefixed, listen } from "../src/mod.ts";
import { Client, until } from "./net/support.ts";

const example = (name: string) => new URL(`../examples/${name}.ts`, import.meta.url);
const fixture = (name: string) => join(import.meta.dirname, "net", "fixtures", `${name}.pem`);
const folder = mkdtempSync(join(tmpdir(), "tenk-served-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("examples/key-value.ts keeps values, answers each line, and ends who sends too long a one", async () => {
  await using server = await listen({ host: "127.0.0.1" }, example("key-value"));
  const client = await new Client(server.port).connected();
  const ask = async (line: string, answer: string) => {
    const before = client.received.length;
    client.socket.write(`${line}\r\n`);
    await until(() => client.received.slice(before) === `${answer}\n`);
  };
  await ask("GET lamp", "NONE");
  await ask("SET lamp on and bright", "OK");
  await ask("GET lamp", "VALUE on and bright");
  await ask("SET lamp a\u2028b", "OK");
  await ask("DEL lamp", "OK");
  await ask("DEL lamp", "NONE");
  await ask("SET lamp", "ERROR expected GET key, SET key value or DEL key");
  client.socket.write("x".repeat(1100));
  await until(() => client.closed);
  expect(server.counts().closed["bad-frame"]).toBe(1);
});

test("examples/json-rpc.ts answers as JSON-RPC 2.0 wants it", async () => {
  await using server = await listen({ host: "127.0.0.1" }, example("json-rpc"));
  const framing = lengthPrefixed();
  const socket = createConnection(server.port, "127.0.0.1");
  let got = Buffer.alloc(0);
  socket.on("data", (chunk) => { got = Buffer.concat([got, chunk as Buffer]); }); // biome-ignore format: one thought
  const ask = async (text: string) => {
    got = Buffer.alloc(0);
    socket.write(framing.encode(Buffer.from(text)));
    await until(() => got.length >= 4 && got.length === 4 + got.readUInt32BE(0));
    return JSON.parse(got.subarray(4).toString());
  };
  const call = (id: unknown, method: string, params: unknown) => JSON.stringify({ jsonrpc: "2.0", id, method, params });
  expect(await ask(call(1, "add", [2, 3]))).toEqual({ jsonrpc: "2.0", id: 1, result: 5 });
  expect(await ask(call("a", "echo", { b: [] }))).toEqual({ jsonrpc: "2.0", id: "a", result: { b: [] } });
  expect(await ask(call(2, "toString", []))).toMatchObject({ id: 2, error: { code: -32601 } });
  expect(await ask("{nonsense")).toMatchObject({ id: null, error: { code: -32700 } });
  expect(await ask(call(3, "add", null))).toMatchObject({ id: 3, error: { code: -32603 } });
  for (const text of ["[]", "7", "null", "{}"]) {
    expect(await ask(text)).toMatchObject({ id: null, error: { code: -32600 } });
  }
  // One without an id gets no answer, right or wrong: what comes is the next one's.
  for (const method of ["add", "toString"]) socket.write(framing.encode(call(undefined, method, null)));
  expect(await ask(call(4, "echo", undefined))).toEqual({ jsonrpc: "2.0", id: 4, result: null });
  expect(server.counts().handlerErrors).toBe(0);
  socket.destroy();
});

test("examples/client-certificates.ts greets who has a certificate, and takes new ones on SIGHUP", async () => {
  copyFileSync(fixture("first-cert"), join(folder, "server-cert.pem"));
  copyFileSync(fixture("first-key"), join(folder, "server-key.pem"));
  copyFileSync(fixture("ca-cert"), join(folder, "ca-cert.pem"));
  const program = spawn(process.execPath, [example("client-certificates").pathname, folder, "0"], { stdio: "pipe" });
  let said = "";
  program.stdout.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
  await until(() => said.includes("greeting on"));
  const port = Number(/:(\d+)/.exec(said)?.[1]);
  const visit = (own: object) =>
    new Promise<string>((resolve) => {
      let heard = "";
      const client = tlsConnect({ port, rejectUnauthorized: false, ...own });
      client.on("data", (chunk) => {
        heard += `${client.getPeerCertificate().subject.CN}: ${chunk}`;
        client.end();
      });
      client.on("error", () => {});
      client.on("close", () => resolve(heard));
    });
  const mine = { cert: readFileSync(fixture("phone-cert")), key: readFileSync(fixture("phone-key")) };
  expect(await visit(mine)).toBe("first.test: hello O=home, CN=phone\n");
  expect(await visit({})).toBe("");
  copyFileSync(fixture("second-cert"), join(folder, "server-cert.pem"));
  copyFileSync(fixture("second-key"), join(folder, "server-key.pem"));
  program.kill("SIGHUP");
  await until(() => said.includes("read again"));
  expect(await visit(mine)).toStartWith("second.test: hello");
  program.kill();
  await once(program, "close");
});
