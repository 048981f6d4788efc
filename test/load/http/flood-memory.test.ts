/** Servers that flood a generator, in a process of its own: it reads on, and keeps nothing of it. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { frame, frameServer, numbers } from "./frame-server.ts";
import { rawServer } from "./support.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");
const MIB = 1024 * 1024;
/** A generator without any load has 85 to 110 MiB. Each flood has millions of pieces, or more bytes than this. */
const MOST_RSS_BYTES = 170 * MIB;

/** Sends pieces as fast as they are taken, so many bytes in all, and then closes. */
function flood(socket: Socket, first: Uint8Array | string, piece: Uint8Array, totalBytes: number): void {
  let left = totalBytes;
  const block = Buffer.concat(new Array<Uint8Array>(Math.ceil(65_536 / piece.length)).fill(piece));
  const more = () => {
    while (left > 0) {
      left -= block.length;
      if (!socket.write(block)) return;
    }
    socket.end();
  };
  socket.on("drain", more);
  socket.write(first);
  more();
}

/** The most memory that a process has had; 0 when it is gone. The system's `maxRSS` counts the parent's before `exec` too. */
function peakOf(pid: number): number {
  try {
    const [, kib = "0"] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return Number(kib) * 1024;
  } catch {
    return 0;
  }
}

const LONG = `HTTP/1.1 200 OK\r\nContent-Length: ${10 ** 12}\r\n\r\n`;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const head = (id: number) => frame(1, 4, id, new Uint8Array([0x88]));

type Flood = (socket: Socket, streamId: number) => void;

test.concurrent.each<[string, "1.1" | "2", Flood]>([
  ["a body", "1.1", (socket) => flood(socket, LONG, new Uint8Array(1000), 150 * MIB)],
  ["chunks of one byte", "1.1", (socket) => flood(socket, CHUNKED, Buffer.from("1\r\nx\r\n"), 10 * MIB)],
  ["content of one byte over HTTP/2", "2", (socket, id) => flood(socket, head(id), frame(0, 0, id, "x"), 10 * MIB)],
  [
    "frames that change nothing",
    "2",
    (socket, id) =>
      flood(
        socket,
        head(id),
        Buffer.concat([frame(8, 0, id, numbers(1)), frame(99, 0, id, "abc"), frame(6, 1, 0, numbers(0, 0))]),
        16 * MIB,
      ),
  ],
])(
  "%s without end: the answer fails when it ends, and memory stays",
  async (_, version, answer) => {
    const isHttp2 = version === "2";
    await using server = isHttp2 ? await frameServer(answer) : await rawServer((socket) => answer(socket, 0));
    const options = ["-n", "1", "-c", "1", "--timeout", "300s", "--no-save", "--no-live", "--json", "-"];
    const command = ["load", "http", server.url, ...options, ...(isHttp2 ? ["--http2"] : [])];
    const child = Bun.spawn([process.execPath, MAIN, ...command], { stdout: "pipe", stderr: "ignore" });
    let peakBytes = 0;
    const timer = setInterval(() => {
      peakBytes = peakOf(child.pid) || peakBytes;
    }, 20);
    const { protocol } = JSON.parse(await new Response(child.stdout).text());
    clearInterval(timer);
    expect(await child.exited).toBe(1);
    expect(protocol.errorsBy).toEqual({ "body closed": 1 });
    expect(peakBytes).toBeGreaterThan(10 * MIB);
    expect(peakBytes).toBeLessThan(MOST_RSS_BYTES);
  },
  600_000,
);
