import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { HeadBuffer, readClientHello } from "../../src/wire/mod.ts";
import { fuzz, holdDecoder } from "./fuzz.ts";
import { concat, hex, latin1, split } from "./support.ts";

/** What `openssl s_client` 3.0 sent: TLS 1.3 with a name and protocols, TLS 1.2, and without a name. */
const TLS13 =
  hex(`160301014c0100014803033d8958968f0907da6f498066b778235252fc3191996d10b91a37279f56364e04202ec8093ad874a439ed6d
f801453a3a607306118a6a38826ea492f8fe1ac9b7d4003e130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac014
0039c009c0130033009d009c003d003c0035002f00ff010000c100000012001000000d6769742e686f6d652e61727061000b000403000102000a00160014001d
0017001e0019001801000101010201030104002300000010000e000c02683208687474702f312e310016000000170000000d002a002804030503060308070808
0809080a080b080408050806040105010601030303010302040205020602002b0009080304030303020301002d00020101003300260024001d0020c745ae21a7
c9630cc7d5a250089717f9c909d8ebd564652058e26bdc48e1de67`);
const TLS12 =
  hex(`16030100cc010000c80303b4d14fb224eb69ae323f79d967aef87f9084e297ed480513635eead015e4c733000038c02cc030009fcca9
cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff0100006700000011000f00000c53686f
702e4578616d706c65000b000403000102000a000c000a001d0017001e00190018002300000016000000170000000d002a002804030503060308070808080908
0a080b080408050806040105010601030303010302040205020602`);
const NAMELESS =
  hex(`1603010124010001200303f9d0f28d9e9c703955f51fdaca4a3deeda4ab71fd9809a59bf70ace7fcd001ab20b9e45e11224cf16518
f7e7d9cb9e49b12df3a9040cba5a07ba33e247ee2aa290003e130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0
140039c009c0130033009d009c003d003c0035002f00ff01000099000b000403000102000a00160014001d0017001e0019001801000101010201030104002300
000016000000170000000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602002b00090803040303
03020301002d00020101003300260024001d00201747a839677108dcf1add93149148d174b2ac1e87c6dfdf7c97d8d454ba5770e`);

const uint16 = (value: number) => Uint8Array.of(value >> 8, value & 255);
const block16 = (bytes: Uint8Array) => concat(uint16(bytes.length), bytes);
const record = (bytes: Uint8Array) => concat(hex("160301"), block16(bytes));
const extension = (type: number, data: Uint8Array) => concat(uint16(type), block16(data));
const named = (name: string, type = 0) => extension(0, block16(concat(Uint8Array.of(type), block16(latin1(name)))));
const protocols = (...names: string[]) =>
  extension(16, block16(concat(...names.map((name) => concat(Uint8Array.of(name.length), latin1(name))))));

/** A handshake message of the given type and length, with a hello's fields in front of its extensions. */
function message(extensions: Uint8Array | undefined, type = 1): Uint8Array {
  const front = concat(hex("0303"), new Uint8Array(32), hex("00 0002 1301 01 00"));
  const body = extensions === undefined ? front : concat(front, block16(extensions));
  return concat(Uint8Array.of(type, body.length >> 16), uint16(body.length & 0xffff), body);
}

const hello = (...extensions: Uint8Array[]) => record(message(concat(...extensions)));

describe("what openssl says", () => {
  test.each([
    ["TLS 1.3", TLS13, "git.home.arpa", ["h2", "http/1.1"]],
    ["TLS 1.2, the name in small letters", TLS12, "shop.example", []],
    ["no name", NAMELESS, undefined, []],
  ])("%s", (_, bytes, serverName, alpn) => {
    const value = { serverName, alpn };
    expect(readClientHello(bytes)).toEqual({ state: "value", value, length: bytes.length });
    expect(readClientHello(concat(bytes, latin1("more")))).toMatchObject({ value, length: bytes.length });
  });

  test("is incomplete at every byte but the last", () => {
    for (let length = 0; length < TLS13.length; length++) {
      expect(readClientHello(TLS13.subarray(0, length)).state).toBe("incomplete");
    }
  });
});

test("what this runtime's own client says", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connect({ port, host: "127.0.0.1", servername: "phone.home.arpa", ALPNProtocols: ["mqtt"] });
  client.on("error", () => {});
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  server.close();
  expect(readClientHello(bytes)).toMatchObject({ value: { serverName: "phone.home.arpa", alpn: ["mqtt"] } });
});

test("however it is cut into records and chunks, it says the same", () => {
  const body = TLS13.subarray(5);
  const places = fc.array(fc.nat(body.length - 1), { maxLength: 12 });
  fc.assert(
    fc.property(places, places, (records, chunks) => {
      const inner = [...new Set(records)].filter((place) => place > 0);
      const bytes = concat(...split(body, inner).map(record));
      const head = new HeadBuffer();
      const parts = split(concat(bytes, latin1("rest")), chunks);
      for (const [index, part] of parts.entries()) {
        const all = head.add(part);
        const result = readClientHello(all);
        if (all.length < bytes.length) expect(result.state).toBe("incomplete");
        else expect(result).toMatchObject({ value: { serverName: "git.home.arpa" }, length: bytes.length });
        if (index < parts.length - 1) head.keep(all);
        part.fill(0xee);
      }
    }),
  );
});

describe("a hello made by hand", () => {
  test.each([
    ["without extensions", record(message(undefined)), { serverName: undefined, alpn: [] }],
    ["with none in the list", hello(), { serverName: undefined, alpn: [] }],
    ["with both", hello(protocols("h2", "\xff\0"), named("a-1.B")), { serverName: "a-1.b", alpn: ["h2", "\xff\0"] }],
    ["with unknown ones", hello(extension(0x7a7a, hex("00")), named("a")), { serverName: "a", alpn: [] }],
    [
      "in records of one byte",
      concat(...[...message(named("a"))].map((byte) => record(Uint8Array.of(byte)))),
      { serverName: "a", alpn: [] },
    ],
  ])("%s", (_, bytes, value) => {
    expect(readClientHello(bytes)).toEqual({ state: "value", value, length: bytes.length });
  });

  test.each([
    ["HTTP", latin1("GET / HTTP/1.1\r\n"), "not-tls"],
    ["one byte of something else", latin1("S"), "not-tls"],
    ["SSL 2", hex("80 2e 01 00 02"), "not-tls"],
    ["an alert", hex("15 0301 0002 0228"), "not-tls"],
    ["a record of another kind within", concat(hex("16 0301 0001 01"), hex("17 0303")), "not-tls"],
    ["a server's hello", record(message(undefined, 2)), "not-client-hello"],
    ["its first byte already", hex("16 0301 0040 02"), "not-client-hello"],
    ["an empty record", hex("16 0301 0000"), "malformed"],
    ["a record above 2^14", hex("16 0301 4001"), "malformed"],
    ["a length of 16 MB", hex("16 0301 0004 01 ffffff"), "too-long"],
    ["two names in the list", hello(extension(0, block16(concat(hex("00 0001 61"), hex("00 0001 62"))))), "malformed"],
    ["two server_name extensions", hello(named("a"), named("b")), "malformed"],
    ["a name of no known type", hello(named("a", 1)), "malformed"],
    ["an empty name", hello(named("")), "malformed"],
    ["a name with NUL", hello(named("a\0b")), "malformed"],
    ["a name with an empty label", hello(named("a..b")), "malformed"],
    ["a name of 256 bytes", hello(named("a".repeat(256))), "malformed"],
    ["an empty protocol", hello(protocols("")), "malformed"],
    ["no protocol", hello(protocols()), "malformed"],
    ["an extension beyond the end", hello(concat(uint16(0), uint16(9), hex("00"))), "malformed"],
    [
      "bytes behind the extensions",
      record(concat(hex("01 00002d"), message(named("")).subarray(4), hex("00"))),
      "malformed",
    ],
  ])("%s is refused", (_, bytes, reason) => {
    expect(readClientHello(bytes)).toEqual({ state: "refused", reason } as never);
  });

  test("longer than maxBytes is refused as soon as it says so", () => {
    expect(readClientHello(TLS13.subarray(0, 9), { maxBytes: 300 })).toMatchObject({ reason: "too-long" });
    expect(readClientHello(TLS13, { maxBytes: TLS13.length }).state).toBe("value");
    expect(readClientHello(TLS13, { maxBytes: TLS13.length - 1 })).toMatchObject({ reason: "too-long" });
  });
});

test("no bytes make it throw, wait without end or take a verdict back", () => {
  const small = concat(...split(message(concat(named("a.b"), protocols("h2"))), [1, 3, 9, 44]).map(record));
  const seeds = [TLS13, TLS12, small, hello(named("a"), named("b")), record(message(undefined, 2))];
  const { inputs, slowestMs } = fuzz(seeds, (bytes, random) => {
    holdDecoder(readClientHello, bytes, random, {
      maxBytes: 16_640,
      holds: ({ serverName }) => {
        if (serverName !== undefined && !/^[a-z0-9._-]{1,255}$/.test(serverName)) throw new Error("not fit to print");
      },
    });
  });
  if (process.env.TENK_FUZZ) console.log(`ClientHello: ${inputs} inputs, slowest ${slowestMs.toFixed(2)} ms`);
  expect(inputs).toBeGreaterThan(100);
}, 3_600_000);
