import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { listener } from "./support.ts";

const FRAME_HEADER_BYTES = 9;
const PREFACE_BYTES = 24;
const HEADERS = 1;

/** Returns a frame of HTTP/2. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array | string = ""): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  head.writeUIntBE(bytes.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, bytes]);
}

/** Returns numbers of 32 bits as a payload. */
export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** `:status: 200` with content, as two frames that end the stream. */
export const answerOk = (streamId: number) =>
  Buffer.concat([frame(HEADERS, 4, streamId, new Uint8Array([0x88])), frame(0, 1, streamId, "ok")]);

/** An HTTP/2 server that writes whatever frames a test says: `answer` is called for each request. */
export async function frameServer(
  answer: (socket: Socket, streamId: number, index: number) => void,
  { isSecure = false, greeting = frame(4, 0, 0) }: { isSecure?: boolean; greeting?: Uint8Array } = {},
) {
  const seen = { requests: 0, connections: 0 };
  const sockets = new Set<Socket>();
  const server = listener(
    (socket) => {
      seen.connections += 1;
      sockets.add(socket);
      let kept = Buffer.alloc(0);
      let isBegun = false;
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      socket.write(greeting);
      socket.on("data", (bytes: Buffer) => {
        kept = Buffer.concat([kept, bytes]);
        if (!isBegun && kept.length >= PREFACE_BYTES) {
          isBegun = true;
          kept = kept.subarray(PREFACE_BYTES);
        }
        while (isBegun && kept.length >= FRAME_HEADER_BYTES) {
          const end = FRAME_HEADER_BYTES + kept.readUIntBE(0, 3);
          if (kept.length < end) return;
          const [type, streamId] = [kept[3], kept.readUInt32BE(5)];
          kept = kept.subarray(end);
          if (type === HEADERS) answer(socket, streamId, seen.requests++);
        }
      });
    },
    isSecure ? ["h2"] : undefined,
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    seen,
    url: `http${isSecure ? "s" : ""}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    /** Connections that are open stay. */
    stopListening: () => void server.close(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
