/** Targets of HTTP/2 that tests write by hand. */
import { createServer, type Socket } from "node:net";
import { Http2Target, type Http2TargetOptions } from "../../../src/http/mod.ts";
import { FrameFlag, FrameType } from "../../../src/wire/http2/mod.ts";
import { block, encoder, frame } from "./support.ts";

export const closers: (() => unknown)[] = [];

/** Ends what a test has opened, the last first. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export function targetOf(url: string, options: Partial<Http2TargetOptions> = {}): Http2Target {
  const target = new Http2Target({ url, ...options });
  closers.push(() => target.stop({ graceMs: 0 }));
  return target;
}

/** A target that answers what it gets with these bytes, behind its SETTINGS. */
export async function raw(
  onChunk: (socket: Socket, count: number) => void,
  options: Partial<Http2TargetOptions> = {},
  greeting = frame(FrameType.settings, 0, 0),
) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let count = 0;
    socket.on("error", () => {});
    socket.write(greeting);
    socket.on("data", () => onChunk(socket, count++));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { sockets, target: targetOf(`http://127.0.0.1:${(server.address() as { port: number }).port}`, options) };
}

export const head = (streamId: number, lines: string[], isEnd = false) =>
  frame(FrameType.headers, FrameFlag.endHeaders | (isEnd ? FrameFlag.endStream : 0), streamId, block(lines));
export const data = (streamId: number, content: string, isEnd = false) =>
  frame(FrameType.data, isEnd ? FrameFlag.endStream : 0, streamId, encoder.encode(content));
