import { describe, expect, test } from "bun:test";
import { probe, reasonOf, Servers } from "./http-support.ts";

/** Whatever a service answers, its reason is one short line of printable ASCII: inert in a terminal, a log and a page. */
function expectInert(reason: string | undefined): void {
  expect(reason).toMatch(/^[\x20-\x7e…]{1,500}$/);
}

const OVERRIDE = "\u202e";

describe("an answer is bounded and inert", () => {
  test("10 MB of body are not read for a text at their end", async () => {
    using servers = new Servers();
    let written = 0;
    const part = "x".repeat(65_536);
    const port = await servers.http((_, response) => {
      const more = () => {
        while (written < 10_485_760) {
          written += part.length;
          if (!response.write(part)) return;
        }
        response.end("the end");
      };
      response.on("drain", more);
      more();
    });
    const outcome = await probe(port, { expected: { body: "the end" } });
    expect(reasonOf(outcome)).toBe(
      'its answer does not contain "the end" (only its first 64 KiB were read, or what came in time)',
    );
  });

  test("a body that drips for ever costs the timeout, and no more", async () => {
    using servers = new Servers();
    const port = await servers.http((_, response) => {
      response.writeHead(200).write("a");
      const timer = setInterval(() => response.write("a"), 5);
      response.on("close", () => clearInterval(timer));
    });
    expect(await probe(port, { timeoutMs: 1000 })).toMatchObject({ result: "up" });
    expect(await probe(port, { timeoutMs: 500, expected: { body: "b" } })).toMatchObject({ result: "down" });
  });

  test("a head that drips for ever is down after the timeout", async () => {
    using servers = new Servers();
    const port = await servers.tcp((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write("a: b\r\n"), 5);
      socket.on("close", () => clearInterval(timer));
    });
    expect(await probe(port, { timeoutMs: 300 })).toMatchObject({
      result: "down",
      reason: expect.stringContaining("within 0.3 s"),
    });
  });

  test.each(["gzip", "br", "zstd", "deflate"])("a bomb of %s is not decompressed beyond the bound", async (coding) => {
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    const { gzipSync, brotliCompressSync, zstdCompressSync, deflateSync } = await import("node:zlib");
    const packed = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync, deflate: deflateSync }[coding]!(
      zeros,
    );
    expect(packed.length).toBeLessThan(65_536);
    using servers = new Servers();
    const port = await servers.http((_, response) =>
      response.writeHead(200, { "Content-Encoding": coding }).end(packed),
    );
    const outcome = await probe(port, { expected: { body: "well" } });
    expect(reasonOf(outcome)).toContain("its body cannot be decompressed, or is longer than 64 KiB then");
  });

  test("a flood of headers is down", async () => {
    using servers = new Servers();
    const port = await servers.tcp((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      for (let line = 0; line < 5000; line++) socket.write(`x-${line}: ${"y".repeat(100)}\r\n`);
      socket.write("\r\n");
    });
    const outcome = await probe(port);
    expect(outcome.result).toBe("down");
    expectInert(reasonOf(outcome));
  });

  test.each([
    ["binary", Buffer.from(Array.from({ length: 512 }, (_, at) => at & 255))],
    ["another protocol", Buffer.from(`SSH-2.0-\x1b[31m${OVERRIDE}evil\r\n`)],
    ["a broken status line", Buffer.from(`HTTP/1.1 2\u0000 \x1b]0;title\x07\r\n\r\n`)],
  ])("%s instead of HTTP is down, in words that are safe to print", async (_, bytes) => {
    using servers = new Servers();
    const port = await servers.tcp((socket) => socket.end(bytes));
    const outcome = await probe(port);
    expect(outcome.result).toBe("down");
    expectInert(reasonOf(outcome));
  });

  test.each([[{ header: { "x-state": "ok" } }], [{ json: { ".state": "ok" } }]])(
    "a value with script, escapes and marks that turn text around is shown as plain text: %j",
    async (expected) => {
      using servers = new Servers();
      const evil = `<script>alert(1)</script>\x1b[2J${OVERRIDE}${"long".repeat(1000)}`;
      const port = await servers.http((_, response) =>
        response
          .writeHead(200, { "x-state": "<script>alert(1)</script>\x80\x9b" })
          .end(JSON.stringify({ state: evil })),
      );
      const outcome = await probe(port, { expected });
      expectInert(reasonOf(outcome));
      expect(reasonOf(outcome)!.length).toBeLessThan(160);
    },
  );

  test("a redirect's address is shown as plain text", async () => {
    using servers = new Servers();
    const port = await servers.http((_, response) =>
      response.writeHead(302, { location: `https://evil.example/${"\x80".repeat(2000)}` }).end(),
    );
    const outcome = await probe(port, { status: ["200"] });
    expectInert(reasonOf(outcome));
    expect(reasonOf(outcome)!.length).toBeLessThan(250);
  });
});

test("an answer that is no HTTP is named without the address, which the service's name stands for", async () => {
  using servers = new Servers();
  const port = await servers.tcp((socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n\r\n"));
  expect(reasonOf(await probe(port))).toBe("its answer is not valid: bad-start-line");
});
