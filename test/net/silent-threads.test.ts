import { expect, test } from "bun:test";
import { listen, silentThreads } from "../../src/net/mod.ts";
import { listenUdp } from "../../src/net/udp/mod.ts";
import { Client, until } from "./support.ts";
import { Client as UdpClient } from "./udp/client.ts";

/** A busy machine answers within it; one that hangs costs the test twice this. */
const WITHIN_MS = 1000;
const ANSWERS_MS = 20_000;

test("the threads of a listener whose handler never returns are told, the others are not", async () => {
  const stuck = await listen(
    { host: "127.0.0.1", port: 0, workers: 2, name: "chat" },
    new URL("./stuck-handler.ts", import.meta.url),
  );
  expect(await silentThreads(ANSWERS_MS)).toEqual([]);
  const client = new Client(stuck.port);
  await until(() => stuck.counts().active === 1);
  client.socket.write("x");
  await until(() => stuck.counts().bytesRead === 1);
  expect(await silentThreads(WITHIN_MS)).toEqual(["chat"]);
  client.socket.destroy();
  await stuck.stop({ graceMs: 0 });
  expect(await silentThreads(ANSWERS_MS)).toEqual([]);
}, 60_000);

test("so is a thread for datagrams", async () => {
  const fine = await listenUdp(new URL("./udp/echo.ts", import.meta.url), { port: 0, name: "fine", workers: 2 });
  const stuck = await listenUdp(new URL("./udp/stuck.ts", import.meta.url), { port: 0, name: "dns" });
  expect(await silentThreads(ANSWERS_MS)).toEqual([]);
  const client = await UdpClient.open(stuck.port);
  client.send("x");
  // Asked again, since the datagram may come after the first question.
  let silent: readonly string[] = [];
  while (silent.length === 0) silent = await silentThreads(WITHIN_MS);
  expect(silent).toEqual(["dns"]);
  await client[Symbol.asyncDispose]();
  await Promise.all([stuck.stop(), fine.stop()]);
  expect(await silentThreads(ANSWERS_MS)).toEqual([]);
}, 60_000);
