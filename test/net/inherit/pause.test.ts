import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAcceptingPaused } from "../../../src/net/inherit/mod.ts";
import { connect, listen, listenUdp, noteHandedOn, pauseAccepting, resumeAccepting } from "../../../src/net/mod.ts";
import { until } from "../support.ts";
import { ask, askByDatagram } from "./clients.ts";

const HANDLER = new URL("./handler.ts", import.meta.url);
const host = "127.0.0.1";

test.each([1, 2])("clients that come in a pause are answered after it, on %i event loops", async (workers) => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-pause-"));
  const path = join(folder, "x.sock");
  await using tcp = await listen({ host, workers }, HANDLER);
  await using unix = await listen({ path }, HANDLER);
  const udp = await listenUdp(new URL("./datagrams.ts", import.meta.url), { hosts: [host], port: 0, workers });
  for (let round = 0; round < 2; round++) {
    const before = tcp.counts().accepted + unix.counts().accepted;
    await pauseAccepting();
    expect(isAcceptingPaused()).toBe(true);
    const stop = new AbortController();
    const queries = askByDatagram(udp.port, stop.signal);
    const waiting = Array.from({ length: 40 }, (_, at) => ask(at % 2 === 0 ? { port: tcp.port } : { path }));
    // A listener that starts in the pause waits with the others.
    await using late = await listen({ host, workers }, HANDLER);
    waiting.push(ask({ port: late.port }));
    const first = await Promise.race([...waiting, queries, Bun.sleep(50).then(() => "nobody is answered")]);
    expect(first).toBe("nobody is answered");
    expect(tcp.counts().accepted + unix.counts().accepted).toBe(before);
    await resumeAccepting();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([String(process.pid)]));
    stop.abort();
    expect((await queries).failures).toEqual([]);
  }
  await udp.stop();
  rmSync(folder, { recursive: true });
});

test("a listener that stops in a pause refuses its clients, and one of its address can follow", async () => {
  const server = await listen({ host }, HANDLER);
  const { port } = server;
  await pauseAccepting();
  await server.stop();
  await expect(ask({ port })).rejects.toThrow("nobody listens");
  await using again = await listen({ host, port }, HANDLER);
  const waits = ask({ port });
  await resumeAccepting();
  expect(await waits).toBe(String(process.pid));
  expect(again.counts().accepted).toBe(1);
});

test.each([1, 2])(
  "after a hand-over connections stay, on %i event loops, and are asked to finish in the end",
  async (workers) => {
    await using server = await listen({ host, workers }, HANDLER);
    const answers: string[] = [];
    const closes: string[] = [];
    const connection = await connect(
      { host, port: server.port },
      { chunk: (_, bytes) => void answers.push(String(bytes.length)), close: (_, reason) => void closes.push(reason) },
    );
    await until(() => server.counts().active === 1);
    noteHandedOn();
    const stopped = server.stop({ graceMs: 1500 });
    connection.write("?");
    await until(() => answers.length === 1);
    expect(closes).toEqual([]);
    await stopped;
    await until(() => closes.length === 1);
    expect(closes).toEqual(["peer"]);
    noteHandedOn(false);
  },
);
