import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { listeningSockets, portHolder } from "../../src/part/port-holder.ts";
import { freePort } from "../net/support.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41270 1 0000000000000000 100 0 0 10 0
   1: 0100007F:2382 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 41999 1 0000000000000000 100 0 0 10 0
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0000000000000000 100 0 0 10 0
`;

describe("who holds a port", () => {
  test.each([
    [9090, ["socket:[41270]"]], // the connection to it is not a listener
    [80, ["socket:[7]"]],
    [81, []],
    [0x382, []],
  ])("of port %d the table tells %j", (port, sockets) => {
    expect(listeningSockets(TABLE, port)).toEqual(sockets);
  });

  test("names this process for a port it listens on, and nobody for a free one", async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    expect((await portHolder(port))?.pid).toBe(process.pid);
    await new Promise((resolve) => server.close(resolve));
    expect(await portHolder(port)).toBeUndefined();
  });

  test("names another program", async () => {
    const script =
      "const { port } = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }); console.log(port)";
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const port = Number((await once(child.stdout, "data"))[0]);
      const comm = readFileSync(`/proc/${child.pid}/comm`, "latin1");
      expect(await portHolder(port)).toEqual({ program: comm.trim(), pid: child.pid! });
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("lets the event loop turn while it looks through descriptors", async () => {
    const descriptors = Array.from({ length: 700 }, () => openSync("/dev/null", "r"));
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    let turns = 0;
    let isLooking = true;
    const turn = () => {
      turns += 1;
      if (isLooking) setImmediate(turn);
    };
    setImmediate(turn);
    const holder = await portHolder((server.address() as { port: number }).port);
    isLooking = false;
    for (const each of descriptors) closeSync(each);
    server.close();
    expect(holder?.pid).toBe(process.pid);
    expect(turns).toBeGreaterThan(10);
  });
});
