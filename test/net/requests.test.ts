import { expect, test } from "bun:test";
import { type ConnectionInfo, type Handler, lines, listen, register } from "../../src/mod.ts";
import { Client, until } from "./support.ts";

const HANDLER = new URL("./asked-handler.ts", import.meta.url);

async function clientsOf(port: number, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => new Client(port).connected()));
}

test.each([[1], [2]])("on %d worker(s) connections are listed, inspected and closed one by one", async (workers) => {
  await using server = await listen({ host: "127.0.0.1", workers }, HANDLER);
  const clients = await clientsOf(server.port, 12);
  clients[3]?.socket.write("hello");
  await until(() => clients[3]?.received === "hello");
  await until(() => server.counts().active === 12);
  const infos = await server.connections();
  expect(new Set(infos.map(({ id }) => id)).size).toBe(12);
  expect(infos.every(({ worker }) => worker < workers)).toBe(true);
  const busy = infos.find(({ bytesRead }) => bytesRead === 5) as ConnectionInfo;
  expect(busy).toMatchObject({ remoteAddress: "127.0.0.1", bytesWritten: 5, queuedBytes: 0, tls: undefined });
  expect(busy.remotePort).toBe(clients[3]?.socket.localPort ?? 0);
  expect(busy.rttMs).toBeGreaterThan(0);
  expect(busy.ageMs).toBeGreaterThanOrEqual(busy.idleMs - 60);
  expect(await server.connections({ limit: 5 })).toHaveLength(5);
  expect(await server.closeConnection(busy.id)).toBe(true);
  expect(await server.closeConnection(busy.id)).toBe(false);
  await until(() => clients[3]?.closed === true);
  expect(server.counts()).toMatchObject({ active: 11, closed: { handler: 1 } });
  for (const client of clients) client.socket.destroy();
});

test.each([[1], [2]])("on %d worker(s) a handler gets options, new ones too, and reports", async (workers) => {
  const options = { answer: "one" };
  await using server = await listen({ host: "127.0.0.1", workers, handlerOptions: options }, HANDLER);
  expect(await server.reports()).toEqual(new Array(workers).fill({ answer: "one" }));
  await server.configure({ answer: "two" });
  expect(await server.reports()).toEqual(new Array(workers).fill({ answer: "two" }));
  expect(server.configure({ answer: 3 })).rejects.toThrow("answer must be text");
  expect(await server.request("asked-handler")).toEqual(new Array(workers).fill("registered"));
  expect(await server.request("nobody")).toEqual(new Array(workers).fill(undefined));
});

test.each([[1], [2]])(
  "on %d worker(s) another handler serves connections to come, open ones keep theirs",
  async (workers) => {
    await using server = await listen({ host: "127.0.0.1", workers }, HANDLER);
    const [before] = await clientsOf(server.port, 1);
    before?.socket.write("a");
    await until(() => before?.received === "a");
    await server.replaceHandler(new URL("./loud-handler.ts", import.meta.url));
    const [after] = await clientsOf(server.port, 1);
    for (const client of [before, after]) client?.socket.write("b");
    await until(() => before?.received === "ab" && after?.received === "B!");
    for (const client of [before, after]) client?.socket.destroy();
  },
);

test("a handler is swapped in the middle of a chunk of frames, and the new one gets the rest unframed", async () => {
  const got: string[] = [];
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const raw: Handler = { chunk: (_, bytes) => got.push(`raw ${text(bytes)}`) };
  const framed: Handler = {
    framing: lines(),
    frame(connection, line) {
      got.push(`line ${text(line)}`);
      if (text(line) === "RAW") connection.handler = raw;
    },
  };
  await using server = await listen({ host: "127.0.0.1" }, framed);
  const [client] = await clientsOf(server.port, 1);
  client?.socket.write("one\nRAW\nrest\nof it");
  await until(() => got.length === 3);
  client?.socket.write("more");
  await until(() => got.length === 4);
  expect(got).toEqual(["line one", "line RAW", "raw rest\nof it", "raw more"]);
  client?.socket.destroy();
});

test("a handler is swapped between chunks, and the new one gets what the old one's framing had kept", async () => {
  const got: string[] = [];
  let swap = () => {};
  const handler: Handler = {
    framing: lines(),
    open: (connection) => {
      swap = () => {
        connection.handler = { chunk: (_, bytes) => got.push(new TextDecoder().decode(bytes)) };
      };
    },
    frame() {},
  };
  await using server = await listen({ host: "127.0.0.1" }, handler);
  const [client] = await clientsOf(server.port, 1);
  client?.socket.write("half a li");
  await until(() => server.counts().bytesRead === 9);
  swap();
  expect(got).toEqual(["half a li"]);
  client?.socket.destroy();
});

test("a handler's stopped is awaited when the listener has stopped", async () => {
  const order: string[] = [];
  const server = await listen(
    { host: "127.0.0.1" },
    {
      close: () => order.push("close"),
      stopped: () => new Promise<void>((resolve) => setTimeout(() => resolve(void order.push("stopped")), 5)),
    },
  );
  const [client] = await clientsOf(server.port, 1);
  await until(() => server.counts().active === 1);
  await server.stop({ graceMs: 0 });
  expect(order).toEqual(["close", "stopped"]);
  client?.socket.destroy();
});

test("a worker that is restarted while another keeps its server waiting gets the new options too", async () => {
  const busy = new URL("./busy-handler.ts", import.meta.url);
  await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: "old" }, busy);
  const clients = await clientsOf(server.port, 20);
  await until(() => server.counts().active === 20);
  const infos = await server.connections();
  const [one, other] = [0, 1].map((worker) => {
    const port = infos.find((info) => info.worker === worker)?.remotePort;
    return clients.find(({ socket }) => socket.localPort === port);
  });
  one?.socket.write("?");
  other?.socket.write("!");
  await until(() => server.counts().workerRestarts === 1);
  await server.configure("new");
  await until(() => server.counts().active < 20);
  // A worker that is still kept busy, or is starting, gives none.
  let reports = await server.reports();
  while (reports.length < 2) reports = await server.reports();
  expect(reports).toEqual(["new", "new"]);
  for (const client of clients) client.socket.destroy();
});

test("a handler whose stopped fails does not fail the stop", async () => {
  const stopped = () => {
    throw new Error("nothing to let go of");
  };
  const server = await listen({ host: "127.0.0.1" }, { stopped });
  await server.stop();
});

test("what is registered in the main thread is read by a server that runs there", async () => {
  let value = 1;
  register("requests.test", () => value);
  await using server = await listen({ host: "127.0.0.1" }, {});
  value = 2;
  expect(await server.request("requests.test")).toEqual([2]);
});
