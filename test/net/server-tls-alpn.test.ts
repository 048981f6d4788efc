import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect, type Handler, listen, type ServerTlsOptions } from "../../src/net/mod.ts";
import { alpnWire, commonAlpn } from "../../src/net/tls/words.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const pair = (name: string) => ({ cert: fixture(`${name}-cert`), key: fixture(`${name}-key`) });

/** An echo with ALPN, and what its handler was told was agreed on. */
async function serve(options: Partial<ServerTlsOptions>) {
  const agreed: (string | undefined)[] = [];
  const handler: Handler = {
    open: (connection) => agreed.push(connection.tls?.alpn),
    chunk: (connection, bytes) => connection.write(bytes),
  };
  const names = { "second.test": pair("second") };
  const server = await listen({ host: "127.0.0.1", tls: { ...pair("first"), names, ...options } }, handler);
  return { agreed, server, [Symbol.asyncDispose]: () => server.stop({ graceMs: 0 }) };
}

/** @param offered comma-separated; "" offers nothing */
async function openssl(port: number, offered: string, name = "first.test"): Promise<string> {
  const words = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", name];
  const client = spawn("openssl", offered === "" ? words : [...words, "-alpn", offered], { stdio: "pipe" });
  let said = "";
  for (const stream of [client.stdout, client.stderr]) stream.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
  client.stdin.on("error", () => {});
  client.stdin.end("Q\n");
  await once(client, "close");
  return said;
}

describe("without an application protocol in common", () => {
  test.each(["first.test", "second.test"])("%s ends the handshake with the alert of RFC 7301", async (name) => {
    await using box = await serve({ alpn: ["a/1", "b/2"] });
    expect(await openssl(box.server.port, "zz/9", name)).toContain("alert number 120");
    expect(box.agreed).toEqual([]);
    expect(box.server.counts().closed["tls-failed"]).toBe(1);
    const dialled = connect({ port: box.server.port, tls: { verify: false, alpn: ["zz/9"] } }, {});
    expect(await dialled.catch((error) => error)).toMatchObject({ code: "tls-failed" });
  });

  test.each(["first.test", "second.test"])("%s goes on where it may, and prefers as ever", async (name) => {
    await using box = await serve({ alpn: ["a/1", "b/2"], alpnMismatch: "continue" });
    expect(await openssl(box.server.port, "zz/9", name)).toContain("No ALPN negotiated");
    expect(await openssl(box.server.port, "zz/9,b/2,a/1", name)).toContain("ALPN protocol: a/1");
    expect(await openssl(box.server.port, "b/2", name)).toContain("ALPN protocol: b/2");
    expect(box.agreed).toEqual([undefined, "a/1", "b/2"]);
  });

  test("it can be changed while it runs, either way", async () => {
    const tls = { ...pair("first"), alpn: ["a/1"] };
    await using box = await serve(tls);
    await box.server.updateTls({ ...tls, alpnMismatch: "continue" });
    expect(await openssl(box.server.port, "zz/9")).toContain("No ALPN negotiated");
    await box.server.updateTls(tls);
    expect(await openssl(box.server.port, "zz/9")).toContain("alert number 120");
  });
});

test.each([["alert"], ["continue"]] as const)(
  "with %s who offers none is served, and an empty list is none",
  async (alpnMismatch) => {
    await using box = await serve({ alpn: ["a/1"], alpnMismatch });
    expect(await openssl(box.server.port, "")).toContain("No ALPN negotiated");
    await using open = await serve({ alpn: [], alpnMismatch });
    expect(await openssl(open.server.port, "zz/9")).toContain("No ALPN negotiated");
    expect([...box.agreed, ...open.agreed]).toEqual([undefined, undefined]);
  },
);

test("other words for a mismatch are refused", async () => {
  const wrong = serve({ alpn: ["a/1"], alpnMismatch: "ignore" as "alert" });
  await expect(wrong).rejects.toMatchObject({ code: "invalid-option" });
});

test("the preferred one is the first of ours; what is cut off in what a client offers matches nothing", () => {
  expect(commonAlpn(["h2", "chat"], alpnWire(["chat", "h2"]))).toBe("h2");
  expect(commonAlpn(["chat"], alpnWire(["chat"]).subarray(0, -1))).toBeUndefined();
  expect(commonAlpn(["é"], alpnWire(["é"]))).toBe("é");
});
