import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TcpInfo, tcpInfo } from "../../src/net/tcp-info.ts";
import { Client, until } from "./support.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** A foreign echo server; `socket` of a runtime's client of it has a descriptor. */
async function connected(target: { port: number } | { path: string }): Promise<{ fd: number; end(): void }> {
  const raw = await Bun.connect({
    ...("path" in target ? { unix: target.path } : { hostname: "127.0.0.1", port: target.port }),
    socket: { data() {} },
  } as never);
  cleanups.push(() => (raw as { terminate(): void }).terminate());
  return raw as unknown as { fd: number; end(): void };
}

async function echo(path?: string): Promise<Server> {
  const server = createServer((socket: Socket) => socket.pipe(socket).on("error", () => {}));
  await new Promise<void>((resolve) => (path ? server.listen(path, resolve) : server.listen(0, "127.0.0.1", resolve)));
  cleanups.push(() => server.close());
  return server;
}

/** What ss says of the connection from this local port. */
function ssLine(port: number): string {
  const result = Bun.spawnSync(["ss", "-tinH", `sport = :${port}`]);
  return result.stdout.toString();
}

test("the kernel's numbers are those that ss reads of the same socket", async () => {
  if (Bun.which("ss") === null) {
    expect(process.env.CI).toBeUndefined(); // where it is missing on a desk, the sanity test below stands alone
    return;
  }
  const server = await echo();
  const { port } = server.address() as { port: number };
  const raw = await connected({ port });
  (raw as unknown as { write(text: string): void }).write("x".repeat(50_000));
  const localPort = (raw as unknown as { localPort: number }).localPort;
  let info: TcpInfo | undefined;
  let line = "";
  // Both are read between two acknowledgements: only numbers that did not move meanwhile can be compared.
  await until(() => {
    const before = JSON.stringify(tcpInfo(raw.fd));
    line = ssLine(localPort);
    info = tcpInfo(raw.fd);
    return JSON.stringify(info) === before && line.includes("rtt:");
  });
  expect(info!.rttMs).toBeGreaterThan(0);
  expect(line).toMatch(new RegExp(` rtt:${rounded(info!.rttMs)}/${rounded(info!.rttVarianceMs)} `));
  expect(line).toContain(` cwnd:${info!.sendCongestionWindow} `);
  expect(line).toContain(` mss:${info!.sendSegmentBytes} `);
});

/** ss prints with %g: six digits, no trailing zeros. */
function rounded(ms: number): string {
  return String(Number(ms.toPrecision(6))).replace(".", "\\.");
}

test("a round trip over the loopback has a time, a window and nothing lost", async () => {
  const server = await echo();
  const { port } = server.address() as { port: number };
  const client = await new Client(port).connected();
  cleanups.push(() => client.socket.destroy());
  const raw = await connected({ port });
  const info = tcpInfo(raw.fd)!;
  expect(info.rttMs).toBeGreaterThan(0);
  expect(info.rttMs).toBeLessThan(5000);
  expect(info).toMatchObject({ retransmits: 0, totalRetransmits: 0, lostSegments: 0 });
  expect(info.sendCongestionWindow).toBeGreaterThan(0);
});

test("where there is no TCP there is nothing to tell, and nothing is thrown", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-info-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "s");
  await echo(path);
  const raw = await connected({ path });
  expect(raw.fd).toBeGreaterThan(0);
  expect([tcpInfo(raw.fd), tcpInfo(-1)]).toEqual([undefined, undefined]);
});
