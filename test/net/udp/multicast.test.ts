import { afterEach, describe, expect, test } from "bun:test";
import { IPPROTO_IP, IPPROTO_IPV6, readOption } from "../../../src/net/ffi.ts";
import { type MulticastSocket, openMulticast } from "../../../src/net/udp/multicast.ts";

const IPV4_GROUP = "224.0.0.251";
/** A group that nothing else uses. Loopback has no route for groups of IPv6: test/dns/mdns/ sends to one between namespaces. */
const IPV6_GROUP = "ff12::7e57";

interface Datagram {
  readonly text: string;
  readonly address: string;
  readonly port: number;
}

const opened: MulticastSocket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

async function join(group: string, port = 0): Promise<MulticastSocket & { readonly first: Promise<Datagram> }> {
  const first = Promise.withResolvers<Datagram>();
  const socket = await openMulticast({
    group,
    port,
    interface: "lo",
    received: (bytes, address, from) =>
      first.resolve({ text: Buffer.from(bytes).toString(), address: address.split("%")[0]!, port: from }),
  });
  opened.push(socket);
  return { ...socket, first: first.promise };
}

describe("a multicast socket", () => {
  test("sends to all members of its group, itself too, and answers one client", async () => {
    const one = await join(IPV4_GROUP);
    const other = await join(IPV4_GROUP, one.port);
    expect(one.send(Buffer.from("to all"))).toBe(true);
    expect((await one.first).text).toBe("to all");
    expect(await other.first).toEqual({ text: "to all", address: expect.any(String), port: one.port });

    const answered = Promise.withResolvers<Datagram>();
    const client = await Bun.udpSocket({
      hostname: "127.0.0.1",
      socket: {
        data: (_, bytes, from, host) => answered.resolve({ text: bytes.toString(), port: from, address: host }),
      },
    });
    expect(other.send(Buffer.from("to one"), "127.0.0.1", client.port)).toBe(true);
    expect(await answered.promise).toMatchObject({ text: "to one", port: one.port });
    client.close();
  });

  test("leaves unicast datagrams to others that share its port", async () => {
    const socket = await join(IPV4_GROUP);
    const unicast = Promise.withResolvers<string>();
    const other = await Bun.udpSocket({
      hostname: "127.0.0.1",
      port: socket.port,
      socket: { data: (_, bytes) => unicast.resolve(bytes.toString()) },
    });
    const client = await Bun.udpSocket({ hostname: "127.0.0.1" });
    client.send("to an address", socket.port, "127.0.0.1");
    expect(await unicast.promise).toBe("to an address");
    socket.send(Buffer.from("to the group"));
    expect((await socket.first).text).toBe("to the group");
    for (const each of [other, client]) each.close();
  });

  test("sends with TTL 255, and takes no group that another socket joined", async () => {
    const ipv4 = await join(IPV4_GROUP);
    const ipv6 = await join(IPV6_GROUP);
    // IP_MULTICAST_TTL, IP_TTL, IP_MULTICAST_ALL; IPV6_MULTICAST_HOPS, IPV6_UNICAST_HOPS, IPV6_MULTICAST_ALL.
    expect([33, 2, 49].map((option) => readOption(ipv4.descriptor, IPPROTO_IP, option))).toEqual([255, 255, 0]);
    expect([18, 16, 29].map((option) => readOption(ipv6.descriptor, IPPROTO_IPV6, option))).toEqual([255, 255, 0]);
  });

  test.each([IPV4_GROUP, IPV6_GROUP])("needs an interface: %s", async (group) => {
    const opening = openMulticast({ group, port: 0, interface: "nosuch0", received: () => {} });
    await expect(opening).rejects.toMatchObject({ code: "address-unavailable" });
  });

  test("says that a port is not shared", async () => {
    const greedy = await Bun.udpSocket({ hostname: "0.0.0.0" });
    await expect(join(IPV4_GROUP, greedy.port)).rejects.toMatchObject({ code: "port-in-use" });
    greedy.close();
  });

  test("says that it could not send", async () => {
    const socket = await join(IPV4_GROUP);
    expect(socket.send(new Uint8Array(70_000))).toBe(false);
  });
});
