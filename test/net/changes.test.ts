import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { pathToFileURL } from "node:url";
import { type Handler, listen, type Server } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const FIXTURES = join(import.meta.dir, "fixtures");
const folder = mkdtempSync(join(tmpdir(), "changes-"));
const clients: Client[] = [];
let files = 0;

afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.destroy();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A module that greets with its name and options; the first event loop to run `does` does it, once for all of them. */
function handlerFile(name: string, does = ""): URL {
  files += 1;
  const path = join(folder, `${name}-${files}.ts`);
  const claim = JSON.stringify(`${path}.claim`);
  const text = `import { openSync, existsSync } from "node:fs";
function isFirst() { try { openSync(${claim}, "wx"); return true; } catch { return false; } }
${does === "" ? "" : `if (isFirst()) { ${does} }`}
export default function make(options) {
  let current = options;
  return {
    open: (connection) => connection.write("${name} " + JSON.stringify(current)),
    chunk(_, bytes) {
      if (bytes[0] === 33) setTimeout(() => { throw new Error("crashed on purpose"); });
      if (bytes[0] === 63) for (const until = performance.now() + 900 * bytes.length; performance.now() < until; );
    },
    configure(given) {
      if (given === "refused by one" && isFirst()) throw new Error("no such options");
      return () => { current = given; };
    },
    report: () => current,
  };
}
`;
  writeFileSync(path, text);
  return pathToFileURL(path);
}

/** What each event loop greets with, in their order. */
async function greetings(server: Server): Promise<string[]> {
  const said = new Map<number, Set<string>>();
  for (let round = 0; said.size < server.workers && round < 200; round++) {
    const fresh = Array.from({ length: 8 }, () => new Client(server.port));
    await until(() => fresh.every(({ bytes, closed }) => bytes > 0 || closed));
    const infos = await server.connections();
    for (const { socket, received } of fresh) {
      const worker = infos.find(({ remotePort }) => remotePort === socket.localPort)?.worker;
      if (worker !== undefined) said.set(worker, (said.get(worker) ?? new Set()).add(received));
      socket.destroy();
    }
  }
  return [...said].toSorted(([one], [other]) => one - other).map(([, each]) => [...each].join(" or "));
}

/** A connection on each event loop, in their order. */
async function oneOnEach(server: Server): Promise<Client[]> {
  const found: Client[] = [];
  while (Array.from(found, (each) => each).filter(Boolean).length < server.workers) {
    const client = await new Client(server.port).connected();
    clients.push(client);
    await until(() => client.bytes > 0);
    const infos = await server.connections();
    const worker = infos.find(({ remotePort }) => remotePort === client.socket.localPort)!.worker;
    found[worker] ??= client;
  }
  return found;
}

/** The name in the certificate that one handshake gets. @param bytes sent after it */
function commonName(server: Server, bytes = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end(bytes);
    });
    socket.on("error", reject);
  });
}

async function refusalOf(change: Promise<unknown>): Promise<string> {
  try {
    await change;
  } catch (error) {
    return (error as Error).message;
  }
  return "not refused";
}

describe("a change that one event loop refuses", () => {
  test("leaves the handler on all of them, and the second try changes all", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 3, handlerOptions: 1 }, handlerFile("old"));
    const [before] = await oneOnEach(server);
    const fails = handlerFile("new", 'throw new Error("not on this loop");');
    const why = await refusalOf(server.replaceHandler(fails));
    expect(why).toMatch(/^Cannot load .*new-\d+\.ts: not on this loop\n.*new-\d+\.ts:3:\d+\n/);
    expect(await greetings(server)).toEqual(["old 1", "old 1", "old 1"]);
    await server.replaceHandler(fails);
    expect(await greetings(server)).toEqual(["new 1", "new 1", "new 1"]);
    expect([before!.closed, server.counts().workerRestarts]).toEqual([false, 0]);
  });

  test("of options leaves the former on all of them", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 3, handlerOptions: "old" }, handlerFile("a"));
    await server.configure("former");
    expect(await refusalOf(server.configure("refused by one"))).toMatch(/^no such options\n.*a-\d+\.ts:13:\d+\n/);
    expect(await server.reports()).toEqual(["former", "former", "former"]);
    await server.configure("refused by one");
    expect(await server.reports()).toEqual(["refused by one", "refused by one", "refused by one"]);
  });

  test("changes nothing of what was to change with it: certificates, limits, handler", async () => {
    const tls = (name: string) => ({
      cert: join(FIXTURES, `${name}-cert.pem`),
      key: join(FIXTURES, `${name}-key.pem`),
    });
    const options = { host: "127.0.0.1", workers: 2, handlerOptions: 1, tls: tls("first") };
    await using server = await listen(options, handlerFile("old"));
    const before = await commonName(server);
    const change = { tls: tls("second"), limits: { maxConnections: 1 }, handlerOptions: 2 };
    const handler = handlerFile("new", 'throw new Error("not on this loop");');
    expect(await refusalOf(server.prepare({ ...change, handler }))).toContain("not on this loop");
    expect(await refusalOf(server.prepare({ ...change, limits: { maxConnections: -1 } }))).toContain("maxConnections");
    expect(await refusalOf(server.prepare({ ...change, tls: tls("third") }))).toContain("there is no such file");
    for (let times = 0; times < 12; times++) expect(await commonName(server)).toBe(before);
    expect(await server.reports()).toEqual([1, 1]);
    await (await server.prepare({ ...change, limits: {}, handler })).commit();
    for (let times = 0; times < 12; times++) expect(await commonName(server)).not.toBe(before);
    expect(await server.reports()).toEqual([2, 2]);
    await server.replaceHandler(handlerFile("another"));
    expect(await server.reports()).toEqual([2, 2]);
    await server.configure(3);
    await server.replaceHandler(handlerFile("one more"));
    expect(await server.reports()).toEqual([3, 3]);
  });

  test("by ending leaves the handler on all of them, the one that is started again included", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    const why = await refusalOf(server.replaceHandler(handlerFile("new", "process.exit(1);")));
    expect(why).toMatch(/^Cannot change "tcp": worker \d ended while it prepared the change$/);
    await until(() => server.counts().workerRestarts === 1);
    expect(await greetings(server)).toEqual(["old 1", "old 1"]);
  });

  test("by not answering in time changes nothing, nor when it comes to it later", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    const [, held] = await oneOnEach(server);
    const read = server.counts().bytesRead;
    held!.socket.write("?");
    await until(() => server.counts().bytesRead > read);
    const handler = handlerFile("new");
    expect(await refusalOf(server.prepare({ handler, handlerOptions: 2 }, 100))).toBe(
      'Cannot change "tcp": worker 1 did not answer within 0.1 s',
    );
    expect(await greetings(server)).toEqual(["old 1", "old 1"]);
    await server.replaceHandler(handler);
    expect(await greetings(server)).toEqual(["new 1", "new 1"]);
  });
});

describe("a worker that crashes when a change is prepared", () => {
  test.each([["commit"], ["drop"]] as const)("comes back with what is in force after %s", async (end) => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    const [crashing] = await oneOnEach(server);
    const change = await server.prepare({ handler: handlerFile("new"), handlerOptions: 2 });
    crashing!.socket.write("!");
    await until(() => server.counts().workerRestarts === 1);
    await change[end]();
    const now = end === "commit" ? "new 2" : "old 1";
    expect(await greetings(server)).toEqual([now, now]);
  });

  test("and starts again while others prepare it is asked, too", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    const [held, crashing] = await oneOnEach(server);
    crashing!.socket.write("!");
    await until(() => server.counts().workerRestarts === 1);
    const { bytesRead } = server.counts();
    held!.socket.write("??");
    await until(() => server.counts().bytesRead > bytesRead);
    const handler = handlerFile("new", "} else { throw new Error('not on the second loop');");
    expect(await refusalOf(server.prepare({ handler }))).toContain("not on the second loop");
    expect(await greetings(server)).toEqual(["old 1", "old 1"]);
  });

  test("takes the change where it started again before the commit", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    const [crashing] = await oneOnEach(server);
    const change = await server.prepare({ handler: handlerFile("new"), handlerOptions: 2 });
    crashing!.socket.write("!");
    await until(() => server.counts().workerRestarts === 1);
    expect(await greetings(server)).toEqual(["old 1", "old 1"]);
    await change.commit();
    expect(await greetings(server)).toEqual(["new 2", "new 2"]);
    expect(server.counts().workerRestarts).toBe(1);
  });

  test("is ended and started again where it refuses what the others took", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    const [crashing] = await oneOnEach(server);
    const handler = handlerFile("new");
    const change = await server.prepare({ handler, handlerOptions: 2 });
    crashing!.socket.write("!");
    await until(() => server.counts().workerRestarts === 1);
    expect(await greetings(server)).toEqual(["old 1", "old 1"]);
    const broken = `${handler.pathname}.broken`;
    copyFileSync(handler.pathname, broken);
    writeFileSync(handler.pathname, "export default 1;");
    await change.commit();
    await until(() => server.counts().workerRestarts === 2);
    copyFileSync(broken, handler.pathname);
    expect(await greetings(server)).toEqual(["new 2", "new 2"]);
  });

  test("keeps its certificates though their files are wrong by then", async () => {
    const pair = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    copyFileSync(join(FIXTURES, "first-cert.pem"), pair.cert);
    copyFileSync(join(FIXTURES, "first-key.pem"), pair.key);
    const options = { host: "127.0.0.1", workers: 2, tls: pair, handlerOptions: 1 };
    await using server = await listen(options, handlerFile("old"));
    writeFileSync(pair.cert, "no certificate");
    expect(await refusalOf(server.updateTls(pair))).toContain("it has no PEM block");
    await commonName(server, "!");
    await until(() => server.counts().workerRestarts === 1);
    while ((await server.reports()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await server.reports()).toEqual([1, 1]);
    for (let times = 0; times < 12; times++) expect(await commonName(server)).toBe("first.test");
  });
});

describe("changes of one server", () => {
  test("are made one after the other, and the last one stays on every event loop", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 3, handlerOptions: 0 }, handlerFile("first"));
    const handlers = Array.from({ length: 5 }, (_, index) => handlerFile(`number${index}`));
    await Promise.all([
      ...handlers.map((handler) => server.replaceHandler(handler)),
      ...[1, 2, 3].map((options) => server.configure(options)),
    ]);
    expect(await greetings(server)).toEqual(["number4 3", "number4 3", "number4 3"]);
  });

  test("wait for one that is prepared, which only its first end decides", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    const change = await server.prepare({ handlerOptions: 2 });
    let isOver = false;
    const next = server.replaceHandler(handlerFile("new")).then(() => {
      isOver = true;
    });
    await server.reports();
    expect(isOver).toBe(false);
    await change.drop();
    await change.commit();
    await next;
    expect(await greetings(server)).toEqual(["new 1", "new 1"]);
  });

  test.each([[1], [2]])("may meet a stop, on %d worker(s)", async (workers) => {
    const server = await listen({ host: "127.0.0.1", workers, handlerOptions: 1 }, handlerFile("old"));
    const change = await server.prepare({ handler: handlerFile("new") });
    const slow = server.replaceHandler(
      handlerFile("slow", "await new Promise((resolve) => setTimeout(resolve, 100));"),
    );
    await Promise.all([server.stop({ graceMs: 0 }), change.commit()]);
    await slow;
    await server.configure(2);
    expect(server.counts().active).toBe(0);
  });
});

describe("a handler that was prepared", () => {
  test("is stopped when it is dropped, the one in force is not", async () => {
    const stopped: string[] = [];
    const named = (name: string): Handler => ({ chunk() {}, stopped: () => void stopped.push(name) });
    const [one, two] = [named("one"), named("two")];
    const server = await listen({ host: "127.0.0.1" }, one);
    await (await server.prepare({ handler: one })).drop();
    await (await server.prepare({ handler: two })).drop();
    await until(() => stopped.length === 1);
    clients.push(await new Client(server.port).connected());
    await until(() => server.counts().active === 1);
    await server.replaceHandler(two);
    await (await server.prepare({ handler: one })).drop();
    expect(stopped).toEqual(["two"]);
    await server.stop({ graceMs: 0 });
    await until(() => stopped.length === 3);
    expect(stopped.toSorted()).toEqual(["one", "two", "two"]);
  });

  test("and is in force again is not stopped when the last connection from before is closed", async () => {
    const stopped: string[] = [];
    const named = (name: string): Handler => ({ chunk() {}, stopped: () => void stopped.push(name) });
    const [one, two, three] = [named("one"), named("two"), named("three")];
    await using server = await listen({ host: "127.0.0.1" }, one);
    const client = await new Client(server.port).connected();
    await until(() => server.counts().active === 1);
    for (const next of [two, one]) await server.replaceHandler(next);
    client.socket.destroy();
    await until(() => server.counts().active === 0);
    expect(stopped).toEqual(["two"]);
    await server.replaceHandler(three);
    await until(() => stopped.length === 2);
    expect(stopped).toEqual(["two", "one"]);
  });

  test("takes options when they are committed, and knows nothing of those that are dropped", async () => {
    const given: unknown[] = [];
    const configure = (options: unknown) => () => void given.push(options);
    await using server = await listen({ host: "127.0.0.1" }, { chunk() {}, configure });
    await (await server.prepare({ handlerOptions: 1 })).drop();
    await server.configure(2);
    const change = await server.prepare({ handlerOptions: 3 });
    expect(given).toEqual([2]);
    await change.commit();
    expect(given).toEqual([2, 3]);
  });

  test("may take its time to agree to options", async () => {
    const given: unknown[] = [];
    const configure = async (options: unknown) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (options === "refused") throw new Error("no such options");
      return () => void given.push(options);
    };
    await using server = await listen({ host: "127.0.0.1" }, { chunk() {}, configure });
    expect(await refusalOf(server.configure("refused"))).toBe("no such options");
    await server.configure("taken");
    expect(given).toEqual(["taken"]);
  });

  test("is refused where its configure returns nothing to commit; one that fails to commit serves on", async () => {
    const configure = (options: unknown) =>
      (options === "nothing" ? undefined : () => { throw new Error("too late"); }) as never; // biome-ignore format: one thought
    await using server = await listen({ host: "127.0.0.1" }, { chunk() {}, configure });
    expect(await refusalOf(server.configure("nothing"))).toContain("its configure returned no function");
    await server.configure("fails");
    clients.push(await new Client(server.port).connected());
    await until(() => server.counts().active === 1);
  });

  test("is stopped when the server has stopped before it is committed", async () => {
    const stopped: string[] = [];
    const named = (name: string): Handler => ({ chunk() {}, stopped: () => void stopped.push(name) });
    const server = await listen({ host: "127.0.0.1" }, named("one"));
    const change = await server.prepare({ handler: named("two") });
    await server.stop();
    await change.commit();
    await until(() => stopped.length === 2);
    expect(stopped).toEqual(["one", "two"]);
  });

  test("that never loads is given up", async () => {
    await using server = await listen({ host: "127.0.0.1", handlerOptions: 1 }, handlerFile("old"));
    const never = handlerFile("never", "await new Promise(() => {});");
    expect(await refusalOf(server.prepare({ handler: never }, 50))).toContain(
      'Cannot change "tcp": its event loop did not answer within 0.05 s',
    );
    await server.replaceHandler(handlerFile("new"));
    expect(await greetings(server)).toEqual(["new 1"]);
  });
});

describe("a change's own words", () => {
  test.each([{}, { workers: 2 }])("an infinite timeout waits as long as it takes, on %o", async (options) => {
    await using server = await listen({ host: "127.0.0.1", ...options }, handlerFile("old"));
    const slow = handlerFile("new", "await new Promise((resolve) => setTimeout(resolve, 50));");
    await (await server.prepare({ handler: slow, handlerOptions: 1 }, Number.POSITIVE_INFINITY)).commit();
    expect(new Set(await greetings(server))).toEqual(new Set(["new 1"]));
    expect(await refusalOf(server.prepare({ limits: {} }, -1))).toContain("Cannot use withinMs");
  });

  test("limits that their owner changes meanwhile are committed as they were", async () => {
    await using server = await listen({ host: "127.0.0.1" }, { chunk() {} });
    const limits = { maxConnections: 1 };
    const change = await server.prepare({ limits });
    limits.maxConnections = -1;
    await change.commit();
    await (await server.prepare({})).drop();
  });

  test("options that cannot travel to workers are refused before any is asked", async () => {
    await using server = await listen({ host: "127.0.0.1", workers: 2, handlerOptions: 1 }, handlerFile("old"));
    expect(await refusalOf(server.configure({ now() {} }))).toMatch(/^Cannot give handlerOptions to workers: /);
    await server.configure(2);
    expect(await server.reports()).toEqual([2, 2]);
  });
});
