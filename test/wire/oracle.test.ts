/**
 * Every parser of foreign bytes beside a second one that was written to be plain rather than fast: whole texts, patterns,
 * slices and big integers. `TENK_FUZZ=5000000` gives each so many inputs.
 */
import { isIPv4, isIPv6 } from "node:net";
import {
  decodeConnectReply,
  decodeProxyHeader,
  decodeSocksReply,
  encodeProxyV1,
  encodeProxyV2,
  proxyTlvs,
  readClientHello,
} from "../../src/wire/mod.ts";
import { agree, type Plain, text, told } from "./plain.ts";
import { concat, hex, latin1 } from "./support.ts";

const ends = (sourceAddress: string, destinationAddress: string) => ({
  sourceAddress,
  sourcePort: sourceAddress.startsWith("/") ? 0 : 56_324,
  destinationAddress,
  destinationPort: sourceAddress.startsWith("/") ? 0 : 443,
});

/** As RFC 5952 writes a valid address: all eight groups, then the longest run of zeros that there is, from the left. */
function canonical(address: string): string {
  if (isIPv4(address)) return address;
  const inHex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = [], tail] = inHex.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const missing = 8 - head.length - (tail?.length ?? 0);
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...(tail ?? [])].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
  const whole = groups.join(":");
  const mapped = /^0:0:0:0:0:ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(whole);
  if (mapped !== null) {
    const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  for (let length = 8; length >= 2; length--) {
    const at = groups.findIndex(
      (_, index) => /^(0:){2,}$/.test(`${groups.slice(index, index + length).join(":")}:`) && index + length <= 8,
    );
    if (at >= 0) return `${groups.slice(0, at).join(":")}::${groups.slice(at + length).join(":")}`;
  }
  return whole;
}

// ---- PROXY ---------------------------------------------------------------------------------------------------------

const NOBODY = { sourceAddress: "", sourcePort: 0, destinationAddress: "", destinationPort: 0, tlvs: [] };

function plainV1(bytes: Uint8Array): Plain {
  const given = text(bytes);
  const end = given.search(/[\r\n]/);
  if (end < 0 || end > 105) return end > 105 || given.length >= 107 ? "refused" : "incomplete";
  if (end === given.length - 1 && given[end] === "\r") return "incomplete";
  if (given.slice(end, end + 2) !== "\r\n") return "refused";
  const line = given.slice(0, end);
  const length = end + 2;
  if (/^PROXY UNKNOWN( |$)/.test(line)) {
    const value = { version: 1, command: "proxy", family: "unspecified", transport: "unspecified", ...NOBODY };
    return { value, length };
  }
  const parts = /^PROXY TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/.exec(line);
  if (parts === null) return "refused";
  const [, family, source = "", destination = "", from, to] = parts;
  const isAddress = family === "4" ? isIPv4 : isIPv6;
  const ports = [Number(from), Number(to)];
  if (!isAddress(source) || !isAddress(destination) || Math.max(...ports) > 65_535) return "refused";
  const value = {
    version: 1,
    command: "proxy",
    family: `ipv${family}`,
    transport: "stream",
    sourceAddress: canonical(source),
    sourcePort: ports[0],
    destinationAddress: canonical(destination),
    destinationPort: ports[1],
    tlvs: [],
  };
  return { value, length };
}

const ENDS = [ends("192.0.2.1", "198.51.100.255"), ends("2001:db8::1", "::ffff:192.0.2.1"), ends("/run/a", "/run/b")];
agree(
  "PROXY version 1",
  [
    ...ENDS.map((each) => concat(encodeProxyV1(each), latin1("GET"))),
    latin1("PROXY UNKNOWN ffff:f::1 ::1 65535 65535\r\n"),
    latin1("PROXY TCP6 1:2:3:4:5:6:7:8 1::8 0 65535\r\n"),
    latin1("PROXY TCP6 ::ffff:1.2.3.4 0:0:1::0.0.0.0 1 65536\r\n"),
    latin1(`PROXY UNKNOWN ${"x".repeat(91)}\r\n`),
  ],
  (bytes) => told(decodeProxyHeader(bytes, { versions: [1] })),
  (bytes) => {
    const given = text(bytes);
    if ("\r\n\r\n\0\r\nQUIT\n".startsWith(given)) return given.length < 12 ? "incomplete" : "refused";
    return "PROXY ".startsWith(given.slice(0, 6)) ? plainV1(bytes) : "refused";
  },
);

function plainTlvs(bytes: Buffer): { type: number; value: Uint8Array }[] | undefined {
  if (bytes.length === 0) return [];
  if (bytes.length < 3 || bytes.length < 3 + bytes.readUInt16BE(1)) return undefined;
  const [type, end] = [bytes[0]!, 3 + bytes.readUInt16BE(1)];
  const value = new Uint8Array(bytes.subarray(3, end));
  if ((type === 3 && value.length !== 4) || (type === 5 && value.length > 128)) return undefined;
  if (type === 0x20 && (value.length < 5 || !isListOfTlvs(Buffer.from(value.subarray(5))))) return undefined;
  const others = plainTlvs(bytes.subarray(end));
  return others && [{ type, value }, ...others];
}

/** Within SSL only the lengths are looked at. */
function isListOfTlvs(bytes: Buffer): boolean {
  if (bytes.length < 3) return bytes.length === 0;
  const end = 3 + bytes.readUInt16BE(1);
  return end <= bytes.length && isListOfTlvs(bytes.subarray(end));
}

function plainCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ ((crc & 1n) === 1n ? 0x82f63b78n : 0n);
  }
  return Number(crc ^ 0xffffffffn);
}

function plainV2(given: Uint8Array): Plain {
  const bytes = Buffer.from(given);
  const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
  if (!bytes.subarray(0, 12).equals(signature.subarray(0, bytes.length)))
    return bytes.length > 0 ? "refused" : "incomplete";
  if (bytes.length < 16) return "incomplete";
  const length = 16 + bytes.readUInt16BE(14);
  const [command, family, transport] = [bytes[12]!, bytes[13]! >> 4, bytes[13]! & 15];
  if ((command !== 0x20 && command !== 0x21) || length > 4096) return "refused";
  if (command === 0x21 && (family > 3 || transport > 2)) return "refused";
  if (bytes.length < length) return "incomplete";
  const nobody = { version: 2, family: "unspecified", transport: "unspecified", ...NOBODY };
  if (command === 0x20) return { value: { ...nobody, command: "local" }, length };
  if (family === 0 || transport === 0) return { value: { ...nobody, command: "proxy" }, length };
  const width = [0, 4, 16, 108][family]!;
  const tlvsAt = 16 + 2 * width + (family === 3 ? 0 : 4);
  if (length < tlvsAt) return "refused";
  const all = plainTlvs(bytes.subarray(tlvsAt, length));
  const sums = all?.filter(({ type }) => type === 3) ?? [];
  if (all === undefined || sums.length > 1) return "refused";
  if (sums[0] !== undefined) {
    let at = tlvsAt;
    while (bytes[at] !== 3) at += 3 + bytes.readUInt16BE(at + 1);
    const zeroed = Buffer.from(bytes.subarray(0, length));
    const sum = zeroed.readUInt32BE(at + 3);
    zeroed.fill(0, at + 3, at + 7);
    if (plainCrc(zeroed) !== sum) return "refused";
  }
  const end = (at: number) => plainAddress(bytes.subarray(at, at + width));
  const value = {
    version: 2,
    command: "proxy",
    family: ["", "ipv4", "ipv6", "unix"][family],
    transport: ["", "stream", "datagram"][transport],
    sourceAddress: end(16),
    sourcePort: family === 3 ? 0 : bytes.readUInt16BE(tlvsAt - 4),
    destinationAddress: end(16 + width),
    destinationPort: family === 3 ? 0 : bytes.readUInt16BE(tlvsAt - 2),
    tlvs: all.filter(({ type }) => type !== 3 && type !== 4),
  };
  return { value, length };
}

function plainAddress(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  if (bytes.length === 16) return canonical(bytes.toString("hex").match(/..../g)!.join(":"));
  const path = bytes[0] === 0 ? /^[\s\S]*?(?=\0*$)/.exec(text(bytes))![0] : text(bytes).split("\0")[0]!;
  return new TextDecoder().decode(latin1(path));
}

const tlvs = proxyTlvs({
  alpn: "h2",
  uniqueId: new Uint8Array(128),
  ssl: { secure: true, certificateOnConnection: true, certificateInSession: false, verify: 0, cipher: "X" },
});
agree(
  "PROXY version 2",
  [
    ...ENDS.map((each) => concat(encodeProxyV2(each), latin1("GET"))),
    ...ENDS.map((each) => encodeProxyV2(each, { tlvs })),
    encodeProxyV2(ends("\0abstract\0name", "/"), { tlvs: [{ type: 4, value: new Uint8Array(3) }] }),
    encodeProxyV2(ENDS[0]!, { tlvs, checksum: true, transport: "datagram" }),
    encodeProxyV2(ENDS[0]!, { command: "local" }),
  ],
  (bytes) => told(decodeProxyHeader(bytes, { versions: [2] })),
  // Until it is certain which version it is, the other one's beginning is awaited.
  (bytes) => (bytes.length < 6 && text(bytes) === "PROXY ".slice(0, bytes.length) ? "incomplete" : plainV2(bytes)),
);

// ---- proxies' answers ----------------------------------------------------------------------------------------------

function plainSocks(given: Uint8Array): Plain {
  const [version, reply, reserved, type, ...rest] = given;
  if ((version ?? 5) !== 5 || (reply ?? 0) !== 0 || (reserved ?? 0) !== 0) return "refused";
  if (type === undefined) return "incomplete";
  if (![1, 3, 4].includes(type)) return "refused";
  const start = type === 3 ? 1 : 0;
  const size = type === 1 ? 4 : type === 4 ? 16 : rest[0];
  if (size === undefined || rest.length < start + size + 2) return "incomplete";
  const bytes = Buffer.from(rest.slice(start, start + size));
  const name = text(bytes)
    .slice(0, 100)
    .replace(/[^\x20-\x7e]/g, "?");
  const address = type === 3 ? name : plainAddress(bytes);
  return {
    value: { address, port: rest[start + size]! * 256 + rest[start + size + 1]! },
    length: 4 + start + size + 2,
  };
}
agree(
  "SOCKS5 replies",
  [
    "05000001c000020101bb",
    `05000004${"20".repeat(16)}0050`,
    "0500000303612e620050",
    `05000003ff${"61".repeat(257)}`,
  ].map(hex),
  (bytes) => told(decodeSocksReply(bytes)),
  plainSocks,
);

function plainConnect(bytes: Uint8Array): Plain {
  const given = text(bytes);
  const seen = given.slice(0, 16_384);
  if (!"HTTP/1.".startsWith(seen.slice(0, 7))) return "refused";
  const end = seen.indexOf("\r\n\r\n");
  const before = end < 0 ? seen : seen.slice(0, end + 4);
  if (/(^|[^\r])\n/.test(before)) return "refused";
  if (end < 0) return given.length < 16_384 ? "incomplete" : "refused";
  const [first = "", ...others] = seen.slice(0, end).split("\r\n");
  const status = /^HTTP\/1\.[01] ([1-9]\d\d) ([\t -~\x80-\xff]*)$/.exec(first);
  const fields = others.map((line) => /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)$/.exec(line));
  if (status === null || fields.includes(null)) return "refused";
  const named = fields.map((field) => [
    field![1]!.toLowerCase(),
    field![2]!.split(/[^\t ]/).length > 1 ? field![2]!.replace(/^[\t ]*([\s\S]*[^\t ])[\t ]*$/, "$1") : "",
  ]);
  return { value: { status: Number(status[1]), phrase: status[2], fields: named }, length: end + 4 };
}
agree(
  "CONNECT replies",
  [
    "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01",
    'HTTP/1.0 407 Who\r\nProxy-Authenticate: Basic realm="a"\r\nServer: b\r\n\r\n<html>',
    `HTTP/1.1 502 \r\nA: \t b c \r\nEmpty: \t\r\n${"X-Y: z\r\n".repeat(8)}\r\n`,
  ].map(latin1),
  (bytes) => told(decodeConnectReply(bytes)),
  plainConnect,
);

// ---- ClientHello ---------------------------------------------------------------------------------------------------

function plainHello(bytes: Uint8Array): Plain {
  let message = Buffer.alloc(0);
  let at = 0;
  for (;;) {
    const wanted = message.length < 4 ? 4 : 4 + message.readUIntBE(1, 3);
    if (message.length >= 4 && message.length === wanted) break;
    const record = Buffer.from(bytes.subarray(at, at + 5));
    if (record.length < 5) return "incomplete";
    const size = record.readUInt16BE(3);
    if (record[0] !== 22 || record[1] !== 3 || size === 0 || size > 16_384) return "refused";
    const fragment = bytes.subarray(at + 5, at + 5 + size);
    // Byte by byte: bytes behind the hello in its record do not belong to it.
    let used = 0;
    for (const byte of fragment) {
      message = Buffer.concat([message, Uint8Array.of(byte)]);
      used += 1;
      if (message[0] !== 1) return "refused";
      if (message.length >= 4 && message.length === 4 + message.readUIntBE(1, 3)) break;
    }
    at += 5 + used;
    const isDone = message.length >= 4 && message.length === 4 + message.readUIntBE(1, 3);
    if (!isDone && used < size) return "incomplete";
  }
  try {
    return { value: plainExtensions([...message.subarray(4)]), length: at };
  } catch {
    return "refused";
  }
}

function takeFrom(list: number[], count: number): number[] {
  if (list.length < count) throw new Error("too short");
  return list.splice(0, count);
}
const numberFrom = (list: number[], width: number) => takeFrom(list, width).reduce((sum, byte) => sum * 256 + byte, 0);
const blockFrom = (list: number[], width: number) => takeFrom(list, numberFrom(list, width));

function plainExtensions(body: number[]): unknown {
  takeFrom(body, 34);
  for (const width of [1, 2, 1]) blockFrom(body, width);
  const value: { serverName: string | undefined; alpn: string[] } = { serverName: undefined, alpn: [] };
  if (body.length === 0) return value;
  const extensions = blockFrom(body, 2);
  const seen: number[] = [];
  while (extensions.length > 0) {
    const type = numberFrom(extensions, 2);
    const data = blockFrom(extensions, 2);
    if (seen.includes(type)) throw new Error("twice");
    seen.push(type);
    if (type !== 0 && type !== 16) continue;
    const list = blockFrom(data, 2);
    if (data.length > 0) throw new Error("more than its list");
    if (type === 0) {
      if (numberFrom(list, 1) !== 0) throw new Error("no host");
      value.serverName = String.fromCharCode(...blockFrom(list, 2)).toLowerCase();
      const labels = value.serverName.split(".");
      const isName = labels.every((label) => /^[a-z0-9_-]+$/.test(label)) && value.serverName.length <= 255;
      if (list.length > 0 || !isName) throw new Error("no name");
    } else {
      while (list.length > 0) value.alpn.push(String.fromCharCode(...blockFrom(list, 1)));
      if (value.alpn.length === 0 || value.alpn.includes("")) throw new Error("no protocol");
    }
  }
  if (body.length > 0) throw new Error("more than its extensions");
  return value;
}

const behind = (width: number, bytes: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return concat(length.subarray(4 - width), bytes);
};
const HELLOS = ["", "home.arpa", "a.b-c_d.example"].map((name) => {
  const server = concat(hex("0000"), behind(2, behind(2, concat(hex("00"), behind(2, latin1(name))))));
  const alpn = concat(
    hex("0010"),
    behind(2, behind(2, concat(behind(1, latin1("h2")), behind(1, latin1("http/1.1"))))),
  );
  const extensions = behind(2, concat(...(name === "" ? [] : [server]), hex("002b0003020304"), alpn));
  const body = concat(
    hex("0303"),
    new Uint8Array(32),
    behind(1, new Uint8Array(4)),
    hex("00021301"),
    hex("0100"),
    extensions,
  );
  return concat(hex("01"), behind(3, body));
});
const inRecords = (message: Uint8Array, size: number): Uint8Array =>
  message.length === 0
    ? message
    : concat(hex("160301"), behind(2, message.subarray(0, size)), inRecords(message.subarray(size), size));
agree(
  "ClientHello",
  HELLOS.flatMap((hello) => [
    inRecords(hello, 16_384),
    concat(inRecords(hello, 40), latin1("rest")),
    inRecords(hello, 3),
  ]),
  (bytes) => told(readClientHello(bytes, { maxBytes: 100_000 })),
  plainHello,
);
