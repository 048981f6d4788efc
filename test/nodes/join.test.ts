import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { connect as dial, type Handler, joinNodes, listen, type Server } from "../../src/mod.ts";
import { encodeToken } from "../../src/nodes/subject.ts";
import { freePort } from "../net/support.ts";
import { needs, RealServer } from "../probe/checks/servers.ts";

const NATS = "/usr/sbin/nats-server";
const ODD_TOPIC = "a.b *>\t%2E ü\u{1F600}";

/** Subscribes everybody to an odd topic. */
const handler: Handler = {
  open: (connection) => connection.subscribe(ODD_TOPIC),
  chunk: (connection, bytes) => connection.publish(ODD_TOPIC, bytes),
};

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 20_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (performance.now() > deadline) throw new Error("it never came to that");
}

async function client(server: Server) {
  const heard = { text: "" };
  const reader: Handler = {
    chunk(_, bytes) {
      heard.text += new TextDecoder().decode(bytes);
    },
  };
  return { connection: await dial({ port: server.port, host: "127.0.0.1" }, reader), heard };
}

async function started(words: string[] = [], prepare?: (folder: string) => void) {
  const all = (port: number) => ["-a", "127.0.0.1", "-p", `${port}`, ...words];
  const nats = await RealServer.start(NATS, all, prepare === undefined ? {} : { prepare });
  await nats.started({ kind: "nats" });
  return nats;
}

if (needs(NATS, "nats-server")) {
  test("two servers of the library are one: each message once, none back, any topic; what is too long is counted", async () => {
    await using nats = await started();
    await using one = await listen({ port: 0, host: "127.0.0.1", name: "chat" }, handler);
    await using two = await listen({ port: 0, host: "127.0.0.1", name: "chat" }, handler);
    const options = { nats: `nats://127.0.0.1:${nats.port}`, announceMs: 100, maxMessageBytes: 1000 };
    const joined = [joinNodes(one, { ...options, name: "one" }), joinNodes(two, { ...options, name: "two" })];
    await until(() => joined.every((each) => each.status().nodes.length === 1));
    const [a, b, c] = [await client(one), await client(one), await client(two)];
    await until(() => one.counts().subscriptions + two.counts().subscriptions === 3);
    a.connection.write("hello ");
    await until(() => b.heard.text === "hello " && c.heard.text === "hello ");
    two.publish(ODD_TOPIC, "to all ");
    await until(() => [a, b, c].every(({ heard }) => heard.text.endsWith("to all ")));
    one.publish(ODD_TOPIC, new Uint8Array(1001));
    const other = await connect({ servers: options.nats });
    other.publish("tenk.chat.%61", "a token that nobody makes");
    other.publish(`tenk.chat.${encodeToken(ODD_TOPIC)}`, "from elsewhere ");
    await until(() => [a, b, c].every(({ heard }) => heard.text.endsWith("from elsewhere ")));
    await other.close();
    expect(joined.map((each) => each.status())).toMatchObject([
      { sent: 1, received: 1, lost: 0, dropped: { oversized: 1 }, nodes: [{ name: "two", received: 1, lost: 0 }] },
      { sent: 1, received: 1, lost: 0, nodes: [{ name: "one", received: 1, lost: 0 }] },
    ]);
    await joined[0]!.leave();
    await until(() => joined[1]!.status().nodes.length === 0);
    await joined[1]!.leave();
  });

  test("without a server messages wait, and go when there is one", async () => {
    await using one = await listen({ port: 0, host: "127.0.0.1", name: "chat" }, handler);
    const port = await freePort();
    const joined = joinNodes(one, { nats: `nats://127.0.0.1:${port}`, maxQueuedBytes: 128 * 4, maxBackoffMs: 100 });
    for (let index = 0; index < 6; index++) one.publish("room", `${index}`);
    await until(() => joined.status().reason !== "not connected yet");
    expect(joined.status()).toMatchObject({ sent: 0, queuedBytes: 512, dropped: { disconnected: 2 } });
    await using again = await RealServer.start(NATS, () => ["-a", "127.0.0.1", "-p", `${port}`]);
    await until(() => joined.status().sent === 4);
    expect(again.log).toContain("Server is ready");
    await joined.leave();
  });

  test("by TLS, with a user whose password is right, and not with another", async () => {
    const made = { folder: "" };
    const prepare = (folder: string) => {
      made.folder = folder;
      const openssl = (words: string) => spawnSync("openssl", words.split(" "), { cwd: folder });
      openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1",
      );
    };
    const words = ["--tls", "--tlscert", "cert.pem", "--tlskey", "key.pem", "--user", "tenk", "--pass", "secret"];
    const all = (port: number) => ["-a", "127.0.0.1", "-p", `${port}`, ...words];
    await using nats = await RealServer.start(NATS, all, { prepare });
    await nats.logs("Server is ready");
    await using one = await listen({ port: 0, host: "127.0.0.1", name: "chat" }, handler);
    const options = { nats: `tls://127.0.0.1:${nats.port}`, user: "tenk", maxBackoffMs: 100 };
    const ca = readFileSync(join(made.folder, "cert.pem"), "utf8");
    for (const [password, tls, expected] of [
      ["secret", { ca }, null],
      ["wrong", { ca }, /authorization/i],
      ["secret", {}, /certificate/i],
    ] as const) {
      const joined = joinNodes(one, { ...options, password, tls });
      if (expected === null) await until(() => joined.status().server !== null);
      else await until(() => expected.test(joined.status().reason ?? ""));
      await joined.leave();
    }
  });
}
