import { describe, expect, test } from "bun:test";
import { createServer, connect as dial, type Socket } from "node:net";
import { type Instance, parseConfig, type Status, up } from "../../src/app/mod.ts";
import { type Log, type LogFields, TenkError } from "../../src/base/mod.ts";
import { listenersIn } from "./listeners-of.ts";

const CONFIG = `
tcp:
  packets: { listen: "127.0.0.1:0", handler: sink }
  mirror: { listen: "127.0.0.1:0", handler: echo }
dashboard: { listen: "127.0.0.1:0" }
`;

/** A log that keeps its lines. */
function keptLog(): Log & { lines: [level: string, message: string, fields: LogFields][] } {
  const lines: [string, string, LogFields][] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push([level, message, fields]);
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

async function withInstance(
  text: string,
  work: (instance: Instance, log: ReturnType<typeof keptLog>) => Promise<void>,
): Promise<void> {
  const log = keptLog();
  const instance = await up(parseConfig(text, "tenk.yaml"), { log });
  try {
    await work(instance, log);
  } finally {
    await instance.stop(0);
  }
}

function byName<Each extends { readonly name: string }>(all: readonly Each[], name: string): Each {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no listener ${name}`);
  return found;
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dial(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()).resume());
}

async function busyPort(): Promise<{ port: number; free(): Promise<void> }> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
  return { port, free: () => new Promise((resolve) => server.close(() => resolve())) };
}

describe("the instance", () => {
  test("serves every listener with its handler and tells so", async () => {
    await withInstance(CONFIG, async (instance, log) => {
      expect(instance.listeners.map(({ name, handler }) => [name, handler])).toEqual([
        ["packets", "sink"],
        ["mirror", "echo"],
      ]);
      const { port } = byName(instance.listeners, "mirror");
      const echo = await connected(port);
      const answer = new Promise<string>((resolve) => echo.once("data", (bytes) => resolve(bytes.toString())));
      echo.write("hello");
      expect(await answer).toBe("hello");
      const status = (await (await fetch(`${instance.statusUrl}api/status`)).json()) as Status;
      expect(byName(listenersIn(status), "mirror").counts).toMatchObject({
        active: 1,
        accepted: 1,
        bytesRead: 5,
        bytesWritten: 5,
      });
      expect(status.process.pid).toBe(process.pid);
      expect(status.process.openDescriptors).toBeGreaterThan(3);
      expect((await fetch(`${instance.statusUrl}healthz`)).status).toBe(200);
      expect(await (await fetch(instance.statusUrl)).text()).toContain("/api/status");
      expect(log.lines.filter(([, message]) => message === "listening")).toHaveLength(2);
      expect(log.lines).toContainEqual(["debug", "defaults", { of: "log", level: "info", format: "pretty" }]);
      echo.destroy();
    });
  });

  test("stops: its connections end, its ports are free again", async () => {
    await withInstance(CONFIG, async (instance, log) => {
      const { port } = byName(instance.listeners, "packets");
      const socket = await connected(port);
      await Promise.all([closed(socket), instance.stop(100)]);
      expect(await connected(port).catch((error: NodeJS.ErrnoException) => error.code)).toBe("ECONNREFUSED");
      expect(await fetch(instance.statusUrl).catch(() => "gone")).toBe("gone");
      expect(log.lines.at(-1)).toEqual(["info", "stopped", {}]);
    });
  });

  test("names the holder of a listener's port, and leaves nothing running", async () => {
    const busy = await busyPort();
    const text = `tcp:\n  a: { listen: "127.0.0.1:0" }\n  b: { listen: "127.0.0.1:${busy.port}" }\ndashboard: { listen: "127.0.0.1:0" }`;
    const error = await up(parseConfig(text, "tenk.yaml")).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TenkError);
    expect((error as TenkError).code).toBe("port-in-use");
    expect((error as TenkError).message).toContain(`127.0.0.1:${busy.port} for "b": it is in use by`);
    expect((error as TenkError).message).toContain(`(pid ${process.pid})`);
    await busy.free();
  });

  test("takes a free port for the dashboard when its own is in use, and logs by whom", async () => {
    const busy = await busyPort();
    const text = `tcp: { a: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:${busy.port}" }`;
    await withInstance(text, async (instance, log) => {
      expect((await fetch(`${instance.statusUrl}healthz`)).status).toBe(200);
      const [, , fields] = log.lines.find(([, message]) => message === "port in use, listening elsewhere")!;
      expect(fields).toMatchObject({ name: "dashboard", port: busy.port });
      expect(instance.statusUrl).toContain(`:${fields.instead}/`);
      expect(fields.by).toContain(`(pid ${process.pid})`);
    });
    await busy.free();
  });
});
