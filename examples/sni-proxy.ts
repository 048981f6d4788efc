import { type Connection, connect, HeadBuffer, listen, pipe, readClientHello } from "tenk";

/**
 * Forwards each TLS client to the server that it asks for (SNI). It needs no key, since the bytes stay encrypted.
 *
 *     sni-proxy.ts 443 git.home.arpa=127.0.0.1:8443 shop.home.arpa=127.0.0.1:9443
 */
const [port, ...routes] = process.argv.slice(2);
const targets = new Map(routes.map((route) => route.split("=") as [name: string, target: string]));

const server = await listen<HeadBuffer>(
  { port: Number(port), halfOpen: true, limits: { firstByteMs: 5_000, idleMs: 600_000 } },
  {
    open(client) {
      client.data = new HeadBuffer();
    },
    chunk(client, bytes) {
      const head = client.data.add(bytes);
      const hello = readClientHello(head);
      if (hello.state === "incomplete") return client.data.keep(head); // at most 16 KiB, then it is refused
      const target = hello.state === "value" ? targets.get(hello.value.serverName ?? "") : undefined;
      if (target === undefined) return client.reset();
      return carry(client, target, head.slice());
    },
  },
);
console.log(`names on ${server.address}`);

async function carry(client: Connection<HeadBuffer>, target: string, head: Uint8Array): Promise<void> {
  client.pause(); // further bytes wait in the kernel until the target is connected
  const [host = "", targetPort] = target.split(":");
  try {
    const upstream = await connect({ host, port: Number(targetPort), halfOpen: true, timeoutMs: 3_000 }, {});
    upstream.write(head);
    pipe(client, upstream);
  } catch {
    client.reset();
  }
}
