import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { serveHttp } from "../../../src/app/admin/serve.ts";
import { logOf } from "../../../src/base/mod.ts";
import { until } from "../../net/support.ts";

/** Connections at a port that a process of this machine still holds: one that is closed has no inode, whatever is unsent. */
function heldAt(port: number): number {
  const at = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  return lines.filter((line) => line[1]?.endsWith(at) && line[3] !== "0A" && line[9] !== "0").length;
}

test("a stream releases its connection even when its reader takes nothing", async () => {
  let ended = false;
  const served = await serveHttp(
    "127.0.0.1",
    0,
    async ({ stayOpen }) => {
      stayOpen();
      const chunk = new Uint8Array(2 ** 20);
      const body = new ReadableStream({
        async pull(controller) {
          // The kernel takes some megabytes; then nobody pulls, and the stream is ended as a slow reader's is.
          controller.enqueue(chunk);
          await Bun.sleep(1);
        },
        start(controller) {
          setTimeout(() => {
            controller.error(new Error("too slow"));
            ended = true;
          }, 200);
        },
      });
      return new Response(body);
    },
    logOf("test"),
    { stallMs: 1000 },
  );
  const socket = connect(served.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  socket.pause();
  await until(() => ended, 30_000);
  await until(() => heldAt(served.port) === 0, 30_000);
  expect(ended).toBe(true);
  socket.destroy();
  await served.stop();
}, 40_000);
