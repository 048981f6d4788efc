import { afterEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { freshVersion, listen, type Server, ThreadPool } from "../../src/net/mod.ts";
import { HANDLERS } from "../../src/tcp/mod.ts";
import { Client, freePort, until } from "./support.ts";

const servers: Server[] = [];
const crashing = new URL("./crashing-handler.ts", import.meta.url);
const stuck = new URL("./stuck-handler.ts", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "shared-threads-"));

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

async function shared(threads: ThreadPool, handler: URL, port = 0): Promise<Server> {
  const server = await listen({ host: "127.0.0.1", port, workers: "auto", threads }, handler);
  servers.push(server);
  return server;
}

/** Clients on every worker of a server. */
async function clientsOn(server: Server): Promise<Client[]> {
  const clients: Client[] = [];
  await until(() => {
    if (clients.every(({ socket }) => !socket.connecting)) clients.push(new Client(server.port));
    return server.workerCounts().every(({ active }) => active > 0);
  });
  return Promise.all(clients.map((client) => client.connected()));
}

/** What each of them is answered. */
async function echoes(clients: readonly Client[], text: string): Promise<void> {
  for (const client of clients) {
    client.received = "";
    client.socket.write(text);
  }
  await until(() => clients.every(({ received }) => received === text));
}

/** What a program of this folder writes, and its exit code. */
async function ran(name: string): Promise<[written: string, code: number]> {
  const program = spawn(process.execPath, [join(import.meta.dirname, name)], { stdio: ["ignore", "pipe", "inherit"] });
  let written = "";
  program.stdout.on("data", (chunk) => {
    written += chunk;
  });
  const [code] = await once(program, "close");
  return [written, code];
}

test("five listeners on auto run on four threads, which end with the last", async () => {
  const threads = new ThreadPool(4);
  for (let count = 0; count < 5; count++) await shared(threads, HANDLERS.echo.url);
  expect(servers.map((server) => [server.workers, server.workerThreads()])).toEqual(
    new Array(5).fill([4, [0, 1, 2, 3]]),
  );
  for (const server of servers) await echoes(await clientsOn(server), "hello");
  for (const server of servers.slice(1)) await server.stop({ graceMs: 0 });
  await echoes(await clientsOn(servers[0]!), "still here");
  expect(await ran("five-listeners-program.ts")).toEqual(["[0,4,0]\n", 0]);
}, 20_000);

test("the crash of a thread ends what it carried of each listener, counts it for each, and all serve again", async () => {
  const threads = new ThreadPool(2);
  const [good, bad] = [await shared(threads, HANDLERS.echo.url), await shared(threads, crashing)];
  const [ofGood, ofBad] = [await clientsOn(good), await clientsOn(bad)];
  const open = good.counts().active;
  ofBad[0]!.socket.write("!");
  await until(() => servers.every((server) => server.counts().workerRestarts === 1));
  for (const server of servers) {
    const { accepted, active, closed } = server.counts();
    expect([closed["worker-crash"] > 0, active > 0, active + closed["worker-crash"]]).toEqual([true, true, accepted]);
  }
  const lost = good.counts().closed["worker-crash"];
  await until(() => ofGood.filter(({ closed }) => closed).length === lost);
  await echoes(
    ofGood.filter(({ closed }) => !closed),
    "never noticed",
  );
  expect(good.counts().active).toBe(open - lost);
  for (const server of servers) await echoes(await clientsOn(server), "again");
});

test("a change of one listener leaves the connections of the others alone, also one that is refused", async () => {
  const threads = new ThreadPool(2);
  const one = await shared(threads, HANDLERS.echo.url, await freePort());
  const other = await shared(threads, HANDLERS.echo.url);
  const clients = await clientsOn(other);
  await one.replaceHandler(new URL("./loud-handler.ts", import.meta.url));
  await expect(one.replaceHandler(new URL("./support.ts", import.meta.url))).rejects.toThrow("no default export");
  const [client] = await clientsOn(one);
  client!.socket.write("a");
  await until(() => client!.received === "A!");
  await one.stop({ graceMs: 0 });
  await echoes(clients, "still here");
  const again = await shared(threads, HANDLERS.echo.url, one.port);
  await echoes(await clientsOn(again), "on the same port");
  expect([other.counts().workerRestarts, other.counts().active]).toEqual([0, clients.length]);
});

test("a listener that has stopped answers as one without threads, though others run on them", async () => {
  const threads = new ThreadPool(2);
  const [one, other] = [await shared(threads, HANDLERS.echo.url), await shared(threads, HANDLERS.echo.url)];
  await clientsOn(one);
  const change = await one.prepare({ handler: HANDLERS.sink.url });
  const stopped = one.stop({ graceMs: 0 });
  const meanwhile = await one.connections();
  await stopped;
  await change.commit();
  await one.replaceHandler(HANDLERS.sink.url);
  expect([meanwhile.length <= one.counts().accepted, await one.connections(), await one.reports()]).toEqual([
    true,
    [],
    [],
  ]);
  expect([one.workerThreads(), other.workerThreads()]).toEqual([
    [undefined, undefined],
    [0, 1],
  ]);
});

test("listeners of one file share threads, but no module's state; one that is started again has it as it is now", async () => {
  const threads = new ThreadPool(1);
  const file = join(folder, "counted.ts");
  const write = (word: string) =>
    writeFileSync(
      file,
      `let opened = 0;\nexport default { open: (connection) => connection.write("${word} " + ++opened) };\n`,
    );
  const said = async ({ port }: Server) => {
    const client = new Client(port);
    await until(() => client.received !== "");
    client.socket.destroy();
    return client.received;
  };
  const url = pathToFileURL(file);
  const started = async () => {
    const server = await listen({ host: "127.0.0.1", workers: 2, threads }, url);
    servers.push(server);
    return server;
  };
  write("first");
  const one = await started();
  const texts = [await said(one), await said(one), await said(one)];
  expect(texts.toSorted()[0]).toBe("first 1");
  write("second");
  const other = await started();
  expect([await said(other), (await said(one)).startsWith("first")]).toEqual(["second 1", true]);
  await one.replaceHandler(freshVersion(url));
  expect(await said(one)).toMatch(/^second [12]$/);
});

test("a listener that stops while its thread is held up leaves the others to serve, and its port free", async () => {
  const threads = new ThreadPool(2);
  const [good, bad] = [await shared(threads, HANDLERS.echo.url), await shared(threads, stuck, await freePort())];
  await clientsOn(good);
  const [client] = await clientsOn(bad);
  client!.socket.write("x");
  await until(() => bad.counts().bytesRead === 1);
  await bad.stop({ graceMs: 0 });
  const again = await listen({ host: "127.0.0.1", port: bad.port }, {});
  await again.stop();
  // A thread that answers nobody for 5 s more serves nobody: it came back with what else it carried.
  await until(() => good.counts().workerRestarts === 1);
  await echoes(await clientsOn(good), "hello");
}, 30_000);

test("a process whose listeners stop ends, though one of their threads never answers", async () => {
  expect(await ran("stuck-program.ts")).toEqual(["held up\nstopped 1 1\n", 0]);
}, 20_000);
