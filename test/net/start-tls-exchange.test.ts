/** What is kept of the clear is nobody's while TLS begins, whatever becomes of the handler meanwhile. */
import { expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as plainConnect } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { type Connection, fixed, type Handler, lines, listen } from "../../src/mod.ts";
import { until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const FIRST = { cert: fixture("first-cert"), key: fixture("first-key") };

test("a handler that is exchanged meanwhile is given nothing before TLS has begun", async () => {
  let connection: Connection | undefined;
  const before: Handler = {
    framing: lines(),
    frame: (it) => {
      connection = it;
    },
  };
  await using server = await listen({ host: "127.0.0.1" }, before);
  const raw = plainConnect(server.port, "127.0.0.1");
  raw.on("error", () => {});
  // The begin of a line, which waits for its end.
  raw.write("STARTTLS\nEVI");
  await until(() => connection?.bytesRead === 12);
  const secured = connection!.startTls(FIRST).then(
    () => undefined,
    () => undefined,
  );
  const early: string[] = [];
  const take = (it: Connection, bytes: Uint8Array) => {
    if (it.tls === undefined) early.push(new TextDecoder().decode(bytes));
  };
  connection!.handler = { chunk: take };
  connection!.handler = { framing: fixed(1), frame: take };
  const secure = tlsConnect({ socket: raw, ca: readFileSync(fixture("ca-cert")), servername: "first.test" });
  secure.on("error", () => {});
  expect(early).toEqual([]);
  await Promise.race([secured, once(raw, "close")]);
  expect(early).toEqual([]);
  raw.destroy();
});
