import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeProxyHeader,
  encodeProxyV1,
  encodeProxyV2,
  formatIp,
  PROXY_TLV,
  type ProxyAddresses,
  type ProxyHeader,
  type ProxyTlv,
  proxyDetails,
  proxyTlvs,
} from "../../src/wire/mod.ts";
import { headerChecksum } from "../../src/wire/proxy-protocol/crc32c.ts";
import { concat, encoder, hex, latin1 } from "./support.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const NOWHERE = { sourceAddress: "", sourcePort: 0, destinationAddress: "", destinationPort: 0 };
const IPV4 = {
  sourceAddress: "192.0.2.1",
  sourcePort: 56324,
  destinationAddress: "198.51.100.2",
  destinationPort: 443,
};
const IPV6 = { sourceAddress: "2001:db8::1", sourcePort: 1, destinationAddress: "2001:db8::2", destinationPort: 65535 };
const UNIX = { sourceAddress: "\0client", sourcePort: 0, destinationAddress: "/run/a.sock", destinationPort: 0 };

/** Loopback ends, as the captures below have them. */
function loopback(host: string, sourcePort: number, destinationPort: number): ProxyAddresses {
  return { sourceAddress: host, sourcePort, destinationAddress: host, destinationPort };
}

describe("headers from HAProxy 2.6 are decoded:", () => {
  const captures: [what: string, bytes: Uint8Array, expected: Partial<ProxyHeader>, details?: object][] = [
    ["send-proxy", latin1("PROXY TCP4 127.0.0.1 127.0.0.1 40498 35215\r\n"), loopback("127.0.0.1", 40498, 35215)],
    ["send-proxy over IPv6", latin1("PROXY TCP6 ::1 ::1 44454 32769\r\n"), loopback("::1", 44454, 32769)],
    ["send-proxy from a Unix socket", latin1("PROXY UNKNOWN\r\n"), { family: "unspecified", ...NOWHERE }],
    [
      "send-proxy-v2 with crc32c and unique-id",
      hex(`${SIGNATURE}211100217f0000017f000001a136ac83030004ba23e66205000b636f6e6e2d353139372d78`),
      { command: "proxy", family: "ipv4", ...loopback("127.0.0.1", 41270, 44163) },
      { uniqueId: latin1("conn-5197-x") },
    ],
    [
      "the same over IPv6",
      hex(
        `${SIGNATURE}21210039000000000000000000000000000000010000000000000000000000000000000193e68c7d030004` +
          "89a0922d05000b636f6e6e2d353139372d78",
      ),
      { command: "proxy", family: "ipv6", ...loopback("::1", 37862, 35965) },
      { uniqueId: latin1("conn-5197-x") },
    ],
    [
      "send-proxy-v2-ssl-cn with every option, for a client with a certificate",
      hex(
        `${SIGNATURE}2111007b7f0000017f0000019ee699090300043424a2cc010002683202000d6769742e686f6d652e61727061200050` +
          "0700000000210007544c5376312e3322000e636c69656e742e6578616d706c6525000752534132303438" +
          "24000a5253412d534841323536230016544c535f4145535f3235365f47434d5f534841333834",
      ),
      { command: "proxy", family: "ipv4", ...loopback("127.0.0.1", 40678, 39177) },
      {
        alpn: "h2",
        authority: "git.home.arpa",
        ssl: {
          secure: true,
          certificateOnConnection: true,
          certificateInSession: true,
          verify: 0,
          version: "TLSv1.3",
          commonName: "client.example",
          cipher: "TLS_AES_256_GCM_SHA384",
          signatureAlgorithm: "RSA-SHA256",
          keyAlgorithm: "RSA2048",
        },
      },
    ],
    ["a health check", hex(`${SIGNATURE}20000000`), { command: "local", family: "unspecified", ...NOWHERE }],
  ];
  test.each(captures)("%s", (_, bytes, expected, details = {}) => {
    const decoded = decodeProxyHeader(concat(bytes, latin1("hello")));
    expect(decoded).toMatchObject({ state: "value", length: bytes.length, value: expected });
    expect(proxyDetails((decoded as { value: ProxyHeader }).value.tlvs)).toEqual(details);
    for (let end = 0; end < bytes.length; end++) {
      expect(decodeProxyHeader(bytes.subarray(0, end))).toEqual({ state: "incomplete" });
    }
  });
});

/** A version 2 header with this block behind the family byte; its length is added. */
const v2 = (family: string, block: string, command = "21") => {
  const bytes = hex(block);
  return concat(hex(SIGNATURE + command + family), Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
};
const ENDS4 = "c0000201 c6336402 dc04 01bb";

describe("version 1", () => {
  test.each([
    ["PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0", "255.255.255.255"],
    ["PROXY TCP6 2001:0DB8:0:0:0:0:0:1 ::ffff:192.0.2.1 0 65535\r\n", "2001:db8::1", "::ffff:192.0.2.1"],
  ])("%p is a header", (line, sourceAddress, destinationAddress) => {
    const expected = { version: 1, transport: "stream", sourceAddress, sourcePort: 0, destinationAddress };
    expect(decodeProxyHeader(latin1(line))).toMatchObject({ state: "value", value: expected, length: line.length });
  });

  const longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  test.each([
    "PROXY UNKNOWN\r\n",
    "PROXY UNKNOWN and whatever \x00 else\r\n",
    `PROXY UNKNOWN ${longest} ${longest} 65535 65535\r\n`, // §2.1: the worst case, 107 bytes
  ])("%p is a header that names no ends", (line) => {
    expect(decodeProxyHeader(latin1(`${line}x`))).toMatchObject({
      state: "value",
      value: { version: 1, command: "proxy", family: "unspecified", ...NOWHERE },
      length: line.length,
    });
  });

  test.each([
    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2\r1 2\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
    "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
    "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
    "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
    "PROXY TCP4 ::1 192.0.2.2 1 2\r\n",
    "PROXY TCP6 192.0.2.1 ::1 1 2\r\n",
    "PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
    "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
    "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
    "PROXY UNKNOWNS\r\n",
    "PROXY unknown\r\n",
    "PROXY \r\n",
  ])("%p is refused", (line) => {
    expect(decodeProxyHeader(latin1(line))).toEqual({ state: "refused", reason: "malformed-line" });
  });

  test("a line without an end is refused at its 107th byte", () => {
    const line = latin1(`PROXY UNKNOWN ${"x".repeat(93)}`);
    expect(decodeProxyHeader(line.subarray(0, 106))).toEqual({ state: "incomplete" });
    expect(decodeProxyHeader(line)).toEqual({ state: "refused", reason: "too-long" });
    expect(decodeProxyHeader(concat(line.subarray(0, 106), latin1("\r\n")))).toMatchObject({ reason: "too-long" });
  });
});

describe("version 2", () => {
  test.each<[string, Uint8Array, string, object?]>([
    ["another version", v2("11", ENDS4, "31"), "version"],
    ["a command that does not exist", v2("11", ENDS4, "22"), "command"],
    ["a family that does not exist", v2("41", ENDS4), "family"],
    ["a transport that does not exist", v2("13", ENDS4), "family"],
    ["IPv4 addresses cut short", v2("11", ENDS4.slice(0, -2)), "address-block"],
    ["IPv6 with the addresses of IPv4", v2("21", ENDS4), "address-block"],
    ["Unix paths cut short", v2("31", "00".repeat(215)), "address-block"],
    ["half a TLV", v2("11", `${ENDS4} 0200`), "tlv"],
    ["a TLV beyond the header", v2("11", `${ENDS4} 020002 61`), "tlv"],
    ["a checksum of three bytes", v2("11", `${ENDS4} 030003 000000`), "tlv"],
    ["two checksums", v2("11", `${ENDS4} 030004 00000000 030004 00000000`), "tlv"],
    ["a unique id of 129 bytes", v2("11", `${ENDS4} 050081 ${"61".repeat(129)}`), "tlv"],
    ["an SSL TLV without its head", v2("11", `${ENDS4} 200004 07000000`), "tlv"],
    ["an SSL TLV with half a TLV", v2("11", `${ENDS4} 200008 0700000000 210001`), "tlv"],
    ["a wrong checksum", v2("11", `${ENDS4} 030004 00000000`), "checksum"],
    ["version 1 where only 2 is accepted", latin1("PROXY UNKNOWN\r\n"), "version", { versions: [2] }],
    ["version 2 where only 1 is accepted", v2("11", ENDS4), "version", { versions: [1] }],
    ["a header above its limit", v2("11", `${ENDS4} 040001 00`), "too-long", { maxBytes: 31 }],
    ["a request", latin1("GET / HTTP/1.1\r\n"), "signature"],
    ["a word that begins the same", latin1("PROXYING"), "signature"],
    ["a lower case word", latin1("proxy"), "signature"],
    ["a signature with one wrong byte", hex(`${SIGNATURE.slice(0, -2)}0b`), "signature"],
  ])("%s is refused", (_, bytes, reason, options = {}) => {
    expect(decodeProxyHeader(bytes, options)).toEqual({ state: "refused", reason } as never);
  });

  test("a header that announces too much is refused with its 16th byte, without its block", () => {
    const announced = (bytes: number) => hex(`${SIGNATURE}2111${bytes.toString(16).padStart(4, "0")}`);
    expect(decodeProxyHeader(announced(4081))).toEqual({ state: "refused", reason: "too-long" });
    expect(decodeProxyHeader(announced(4080))).toEqual({ state: "incomplete" });
    expect(decodeProxyHeader(announced(4080).subarray(0, 15))).toEqual({ state: "incomplete" });
  });

  test.each([
    ["LOCAL with addresses", v2("11", ENDS4, "20"), "local"],
    ["LOCAL with a family that does not exist and something behind it", v2("ff", "0102030405", "20"), "local"],
    ["PROXY without a family", v2("00", ENDS4), "proxy"],
    ["PROXY without a transport", v2("10", ENDS4), "proxy"],
    ["PROXY with a transport alone", v2("01", ""), "proxy"],
  ] as const)("%s is accepted, skipped whole, and names no ends", (_, bytes, command) => {
    const value = { version: 2, command, family: "unspecified", transport: "unspecified", ...NOWHERE, tlvs: [] };
    expect(decodeProxyHeader(concat(bytes, latin1("x")))).toEqual({
      state: "value",
      value,
      length: bytes.length,
    } as never);
  });

  test("datagrams and Unix paths are decoded; padding is not a TLV", () => {
    expect(decodeProxyHeader(v2("12", `${ENDS4} 040002 0000 e00001 61`))).toMatchObject({
      value: { family: "ipv4", transport: "datagram", ...IPV4, tlvs: [{ type: 0xe0, value: latin1("a") }] },
    });
    const path = (text: string) => Buffer.from(text.padEnd(108, "\0")).toString("hex");
    expect(decodeProxyHeader(v2("31", path("/run/a\0rubbish") + path("\0abstract\0name")))).toMatchObject({
      value: { family: "unix", sourceAddress: "/run/a", destinationAddress: "\0abstract\0name", sourcePort: 0 },
    });
    expect(decodeProxyHeader(v2("32", path("x".repeat(108)) + path("")))).toMatchObject({
      value: { transport: "datagram", sourceAddress: "x".repeat(108), destinationAddress: "" },
    });
  });

  test("kept values do not change with the borrowed bytes, in a Buffer or not", () => {
    for (const bytes of [v2("11", `${ENDS4} 020001 61`), Buffer.from(v2("11", `${ENDS4} 020001 61`))]) {
      const decoded = decodeProxyHeader(bytes) as { value: ProxyHeader };
      bytes.fill(0xee);
      expect(proxyDetails(decoded.value.tlvs)).toEqual({ authority: "a" });
    }
  });
});

test("the checksum is CRC-32C", () => {
  expect(headerChecksum(latin1("123456789"), 9)).toBe(0xe3069283);
  expect(headerChecksum(hex("8a9136aa"), 0)).toBe(0x48674bc7); // 32 bits of zeros, RFC 3720 B.4 style
});

describe("encoded and decoded:", () => {
  const port = fc.nat(65_535);
  const ip = (bytes: number) =>
    fc.uint8Array({ minLength: bytes, maxLength: bytes, max: 3 }).map((address) => formatIp(address));
  const path = fc.stringMatching(/^[a-zä/]{0,50}$/).map((name) => `/${name}`);
  const ends = fc.oneof(
    ...[ip(4), ip(16)].map((address) => fc.tuple(address, port, address, port)),
    fc.tuple(path, fc.constant(0), fc.oneof(path, fc.constant("")), fc.constant(0)),
  );
  const addresses = ends.map(([sourceAddress, sourcePort, destinationAddress, destinationPort]) => ({
    sourceAddress,
    sourcePort,
    destinationAddress,
    destinationPort,
  }));
  const tlv = fc.record({ type: fc.integer({ min: 0xe0, max: 0xef }), value: fc.uint8Array({ maxLength: 60 }) });
  const v2Options = fc.record({
    transport: fc.constantFrom("stream" as const, "datagram" as const),
    tlvs: fc.array<ProxyTlv>(tlv, { maxLength: 5 }),
    checksum: fc.boolean(),
  });

  test("version 2, with any ends, TLVs and checksum; one wrong bit is seen by the checksum", () => {
    fc.assert(
      fc.property(addresses, v2Options, fc.nat(), (given, options, at) => {
        const bytes = encodeProxyV2(given, options);
        const { transport, tlvs, checksum } = options;
        const value = { version: 2, command: "proxy", transport, tlvs, ...given };
        expect(decodeProxyHeader(bytes)).toMatchObject({ state: "value", value, length: bytes.length });
        if (!checksum) return;
        // In the addresses or in the checksum: elsewhere a bit may make another TLV of it, and then there is none.
        const place = at % 16 < 12 ? 16 + (at % 12) : bytes.length - 1 - (at % 4);
        bytes[place]! ^= 1 << (at % 8);
        expect(decodeProxyHeader(bytes)).toEqual({ state: "refused", reason: "checksum" });
      }),
    );
  });

  test("version 1, with any ends", () => {
    fc.assert(
      fc.property(addresses, (given) => {
        const bytes = encodeProxyV1(given);
        const value = { version: 1, ...(given.sourceAddress.startsWith("/") ? NOWHERE : given) };
        expect(decodeProxyHeader(bytes)).toMatchObject({ state: "value", value, length: bytes.length });
        expect(bytes.length).toBeLessThanOrEqual(104);
      }),
    );
  });

  test.each<[string, ProxyAddresses, string]>([
    [
      "an IPv4 peer of a socket for both families",
      { ...IPV4, sourceAddress: "::ffff:192.0.2.1" },
      "TCP4 192.0.2.1 198",
    ],
    ["ends of two families", { ...IPV6, sourceAddress: "192.0.2.1" }, "TCP6 ::ffff:192.0.2.1 2001"],
    ["IPv6", { ...IPV6, sourceAddress: "2001:DB8:0::1" }, "TCP6 2001:db8::1 2001:db8::2 1 65535\r\n"],
    ["Unix paths", UNIX, "UNKNOWN\r\n"],
    ["nothing known", NOWHERE, "UNKNOWN\r\n"],
  ])("%s", (_, given, text) => {
    expect(Buffer.from(encodeProxyV1(given)).toString()).toStartWith(`PROXY ${text}`);
    const isKnown = !text.startsWith("UNKNOWN");
    const decoded = decodeProxyHeader(encodeProxyV2(given)) as { value: ProxyHeader };
    if (isKnown) expect(decoded.value.family).toBe(text.startsWith("TCP4") ? "ipv4" : "ipv6");
  });

  test("an abstract Unix socket keeps its name; ends that are not known are LOCAL, and so is what is asked for", () => {
    expect(decodeProxyHeader(encodeProxyV2(UNIX))).toMatchObject({
      value: { command: "proxy", family: "unix", ...UNIX },
    });
    const local = hex(`${SIGNATURE}20000000`);
    expect(encodeProxyV2({ ...IPV4, destinationAddress: "" }, { checksum: true })).toEqual(local);
    expect(encodeProxyV2(IPV4, { command: "local", tlvs: [{ type: 0xe0, value: new Uint8Array(1) }] })).toEqual(local);
  });

  test("details", () => {
    const details = {
      alpn: "h2",
      authority: "müller.example",
      networkNamespace: "blue",
      uniqueId: encoder.encode("7"),
      ssl: {
        secure: true,
        certificateOnConnection: false,
        certificateInSession: true,
        verify: 2 ** 32 - 1,
        cipher: "X",
      },
    };
    expect(proxyDetails(proxyTlvs(details))).toEqual(details);
    expect(proxyDetails([])).toEqual({});
    expect(proxyDetails([...proxyTlvs({ alpn: "a" }), ...proxyTlvs({ alpn: "b" })])).toEqual({ alpn: "a" });
    expect(proxyDetails([{ type: PROXY_TLV.ssl, value: new Uint8Array(2) }])).toEqual({});
  });

  test.each([
    () => encodeProxyV1({ ...IPV4, sourcePort: -1 }),
    () => encodeProxyV2({ ...IPV4, destinationPort: 65_536 }),
    () => encodeProxyV2({ ...UNIX, sourceAddress: `/${"x".repeat(108)}` }),
    () => encodeProxyV2(IPV4, { tlvs: [{ type: 256, value: new Uint8Array(0) }] }),
    () => encodeProxyV2(IPV4, { tlvs: [{ type: 1, value: new Uint8Array(65_536) }] }),
    () => encodeProxyV2(IPV4, { tlvs: [{ type: 1, value: new Uint8Array(65_530) }] }),
    () => proxyTlvs({ uniqueId: new Uint8Array(129) }),
  ])("what could not be read back is refused (case %#)", (encode) => {
    expect(encode).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });
});
