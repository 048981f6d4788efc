import { afterEach, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect as connectPlain } from "node:net";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { until } from "./net/support.ts";
import { cleanUp, later } from "./tcp/relay-support.ts";

afterEach(cleanUp);

const fixture = (name: string) => readFileSync(join(import.meta.dirname, "net/fixtures", name), "utf8");
const tls = { cert: fixture("localhost-cert.pem"), key: fixture("localhost-key.pem") };

/** A TLS server that says its name and echoes. */
async function named(name: string): Promise<string> {
  const server = createServer({ ...tls, ALPNProtocols: [name.slice(0, 3)] }, (socket) => {
    socket.on("error", () => {});
    socket.write(`${name}:`);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  later(() => server.close());
  return `${name}=127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function proxy(...routes: string[]): Promise<number> {
  const path = join(import.meta.dirname, "../examples/sni-proxy.ts");
  const program = spawn(process.execPath, [path, "0", ...routes], { stdio: ["ignore", "pipe", "inherit"] });
  later(() => program.kill("SIGKILL"));
  const [line] = await once(program.stdout, "data");
  return Number(/:(\d+)\n/.exec(String(line))?.[1]);
}

/** What a client that asks for `servername` gets for "hello"; undefined where it is not let in. */
async function ask(port: number, servername: string): Promise<string | undefined> {
  const client = connect({
    port,
    host: "127.0.0.1",
    servername,
    ALPNProtocols: ["git", "sho"],
    rejectUnauthorized: false,
  });
  let heard = "";
  let isClosed = false;
  client.on("error", () => {});
  client.on("close", () => { isClosed = true; }); // biome-ignore format: one thought
  client.on("data", (bytes) => { heard += bytes; }); // biome-ignore format: one thought
  client.write("hello");
  await until(() => isClosed || heard.endsWith("hello"));
  const alpn = client.alpnProtocol;
  client.destroy();
  return heard === "" ? undefined : `${heard} ${alpn}`;
}

test("examples/sni-proxy.ts sends each client to the name it asks for, and keeps its bytes sealed", async () => {
  const port = await proxy(await named("git.home.arpa"), await named("shop.home.arpa"), "gone.home.arpa=127.0.0.1:1");
  expect(await ask(port, "git.home.arpa")).toBe("git.home.arpa:hello git");
  expect(await ask(port, "SHOP.home.arpa")).toBe("shop.home.arpa:hello sho");
  expect(await ask(port, "other.home.arpa")).toBeUndefined();
  expect(await ask(port, "gone.home.arpa")).toBeUndefined();
  const plain = connectPlain(port, "127.0.0.1");
  plain.on("error", () => {});
  plain.write("GET / HTTP/1.1\r\n\r\n");
  await until(() => plain.closed);
});

if (spawnSync("openssl", ["version"]).status === 0) {
  test("examples/sni-proxy.ts serves openssl", async () => {
    const port = await proxy(await named("git.home.arpa"));
    const words = ["s_client", "-quiet", "-connect", `127.0.0.1:${port}`, "-servername", "git.home.arpa"];
    const client = spawn("openssl", words, { stdio: ["pipe", "pipe", "ignore"] });
    later(() => client.kill("SIGKILL"));
    let heard = "";
    client.stdout.on("data", (bytes) => {
      heard += bytes;
    });
    client.stdin.write("sealed");
    await until(() => heard === "git.home.arpa:sealed");
  });
} else {
  test.skipIf(process.env.CI !== "true")("openssl cannot be served: needs openssl", () => {
    throw new Error("openssl is missing");
  });
}
