/**
 * Every parser of foreign bytes, given broken and foreign ones: none throws, none waits without end, none works more than
 * its input is worth. `TENK_FUZZ=5000000` gives each so many inputs.
 */
import { expect, test } from "bun:test";
import { isDeepStrictEqual } from "node:util";
import {
  decodeConnectReply,
  decodeProxyHeader,
  decodeSocksLogin,
  decodeSocksMethod,
  decodeSocksReply,
  delimiter,
  encodeProxyV1,
  encodeProxyV2,
  FrameCutter,
  type Framing,
  fixed,
  httpConnectDialogue,
  lengthPrefixed,
  lines,
  type ProxyHeader,
  proxyTlvs,
  socks5Dialogue,
  type TunnelDialogue,
} from "../../src/wire/mod.ts";
import { fuzz, holdDecoder, type Random } from "./fuzz.ts";
import { concat, counted, hex, latin1 } from "./support.ts";

const TIMEOUT_MS = 3_600_000;
const ends = (sourceAddress: string, destinationAddress: string) => ({
  sourceAddress,
  sourcePort: sourceAddress.startsWith("/") ? 0 : 56_324,
  destinationAddress,
  destinationPort: sourceAddress.startsWith("/") ? 0 : 443,
});
const ENDS = [ends("192.0.2.1", "198.51.100.255"), ends("2001:db8::1", "::ffff:192.0.2.1"), ends("/run/a", "/run/b")];

function run(name: string, seeds: readonly Uint8Array[], attempt: (bytes: Uint8Array, random: Random) => void): void {
  test(
    name,
    () => {
      const { inputs, slowestMs } = fuzz(seeds, attempt);
      if (process.env.TENK_FUZZ) console.log(`${name}: ${inputs} inputs, slowest ${slowestMs.toFixed(2)} ms`);
      expect(inputs).toBeGreaterThan(100);
    },
    TIMEOUT_MS,
  );
}

/** A header that was read can be written and is read the same: no two inputs of different meaning are confused. */
function isStable(header: ProxyHeader): void {
  if (header.family === "unspecified" || header.transport === "unspecified") return;
  // Ends of IPv4 in IPv6 are written as IPv4, and a text that was not UTF-8 is another one by now.
  if (/^::ffff:|\ufffd/.test(header.sourceAddress + header.destinationAddress)) return;
  const { transport, tlvs } = header;
  const isPath = header.family === "unix" && !/^[/\0]/.test(header.sourceAddress);
  if (isPath) return;
  const bytes =
    header.version === 1 ? encodeProxyV1(header) : encodeProxyV2(header, { transport, tlvs, checksum: true });
  const again = decodeProxyHeader(bytes, { maxBytes: 70_000 });
  if (again.state !== "value" || !isDeepStrictEqual(again.value, header))
    throw new Error("reads back as another header");
}

run(
  "PROXY version 1",
  [
    ...ENDS.map((each) => concat(encodeProxyV1(each), latin1("GET"))),
    latin1("PROXY UNKNOWN ffff:f::1 ::1 65535 65535\r\n"),
    latin1("PROXY TCP6 1:2:3:4:5:6:7:8 1::8 0 65535\r\n"),
  ],
  (bytes, random) => holdDecoder(decodeV1, bytes, random, { maxBytes: 107, holds: isStable }),
);
const decodeV1 = (bytes: Uint8Array) => decodeProxyHeader(bytes, { versions: [1] });

const tlvs = proxyTlvs({
  alpn: "h2",
  authority: "home.arpa",
  uniqueId: new Uint8Array(8),
  ssl: {
    secure: true,
    certificateOnConnection: true,
    certificateInSession: false,
    verify: 0,
    cipher: "X",
    version: "1.3",
  },
});
run(
  "PROXY version 2",
  [
    ...ENDS.map((each) => concat(encodeProxyV2(each), latin1("GET"))),
    ...ENDS.map((each) => encodeProxyV2(each, { tlvs })),
    encodeProxyV2(ENDS[0]!, { tlvs, checksum: true, transport: "datagram" }),
    encodeProxyV2(ENDS[0]!, { command: "local" }),
  ],
  (bytes, random) => holdDecoder(decodeProxyHeader, bytes, random, { maxBytes: 4096, holds: isStable }),
);

run(
  "SOCKS5 replies",
  [
    "0500",
    "0502",
    "0100",
    "05000001c000020101bb",
    `05000004${"20".repeat(16)}0050`,
    "0500000303612e620050",
    "0505",
  ].map(hex),
  (bytes, random) => {
    holdDecoder((given) => decodeSocksMethod(given, ["none", "password"]), bytes, random, { maxBytes: 2 });
    holdDecoder(decodeSocksLogin, bytes, random, { maxBytes: 2 });
    holdDecoder(decodeSocksReply, bytes, random, {
      maxBytes: 262,
      holds({ address }) {
        if (!/^[\x20-\x7e]*$/.test(address)) throw new Error("an address that is not fit to print");
      },
    });
  },
);

const REPLIES = [
  "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01",
  'HTTP/1.0 407 Who\r\nProxy-Authenticate: Basic realm="a"\r\nServer: b\r\n\r\n<html>',
  `HTTP/1.1 103 \r\nLink: a\r\n\r\nHTTP/1.1 502 No\r\nA: \t b \r\n${"X-Y: z\r\n".repeat(8)}\r\n`,
].map(latin1);
run("CONNECT replies", REPLIES, (bytes, random) => {
  const scanned = random(bytes.length + 1);
  const decodeFrom = (given: Uint8Array) => decodeConnectReply(given, given.length > scanned ? scanned : 0);
  holdDecoder(decodeConnectReply, bytes, random, { maxBytes: 16_384 });
  // Bytes that were searched by an incomplete call need no second search.
  if (decodeConnectReply(bytes.subarray(0, scanned)).state !== "incomplete") return;
  if (!isDeepStrictEqual(decodeFrom(bytes), decodeConnectReply(bytes))) throw new Error("scanned changes the answer");
});

/** Talks until there is a verdict; whoever answers anything at all for long enough gets one. */
function talk(dialogue: TunnelDialogue, bytes: Uint8Array, random: Random, maxBytes: number): void {
  let unanswered = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random(random(4) === 0 ? bytes.length : 12);
    const step = dialogue.receive(bytes.subarray(at, at + size));
    if (step.state === "open" || step.state === "refused") return;
    unanswered = step.state === "send" ? 0 : unanswered + Math.min(size, bytes.length - at);
    if (unanswered >= maxBytes) throw new Error("waits beyond its limit");
    at += size;
  }
}
const TARGET = { host: "home.arpa", port: 80 };
run(
  "dialogues with proxies",
  [...REPLIES, ...["0500 05000001c000020101bb", "0502 0100 0500000303612e620050"].map(hex)],
  (bytes, random) => {
    const login = random(2) === 0 ? undefined : { username: "user", password: "pass" };
    talk(socks5Dialogue(TARGET, login), bytes, random, 263);
    talk(httpConnectDialogue(TARGET, login), bytes, random, 9 * 16_384);
  },
);

const FRAMINGS: readonly Framing[] = [
  lines({ maxBytes: 60 }),
  lines({ maxBytes: 60, keepEnd: true }),
  delimiter("aab", { maxBytes: 60 }),
  lengthPrefixed({ lengthBytes: 1, maxBytes: 60 }),
  lengthPrefixed({ lengthBytes: 2, endian: "little", maxBytes: 60 }),
  lengthPrefixed({ lengthBytes: 4, includesItself: true, maxBytes: 60 }),
  lengthPrefixed({ lengthBytes: 8, maxBytes: 60 }),
  fixed(7),
];
const FRAMED = FRAMINGS.map((framing) =>
  concat(...["abcdefg", "aacaaba", "1234567"].map((text) => safe(framing, text))),
);

function safe(framing: Framing, text: string): Uint8Array {
  try {
    return framing.encode(text);
  } catch {
    return latin1(text);
  }
}

/** Condenses a cutter's output into a number and its result; lengths distinguish the frames. */
function digest(framing: Framing, bytes: Uint8Array, sizes: () => number, maxKept: number): string {
  const cutter = new FrameCutter(framing);
  const state = { sum: 0, frames: 0 };
  const onFrame = (all: typeof state, frame: Uint8Array) => {
    all.frames += 1;
    all.sum = (Math.imul(all.sum, 31) + frame.length) | 0;
    for (let index = 0; index < frame.length; index++) all.sum = (Math.imul(all.sum, 31) + frame[index]!) | 0;
  };
  let result = "more";
  for (let at = 0; at < bytes.length && result === "more"; ) {
    const size = sizes();
    result = cutter.cut(bytes.subarray(at, at + size), state, onFrame);
    if (cutter.keptBytes >= maxKept) throw new Error("keeps more than a frame");
    at += size;
  }
  return `${result} ${state.frames} ${state.sum} ${Buffer.from(cutter.rest()).toString("hex")}`;
}

run("framings", FRAMED, (bytes, random) => {
  const framing = FRAMINGS[random(FRAMINGS.length)]!;
  const most = 1 + random(1 + random(40));
  const work = { looked: 0, copied: 0 };
  // Counting is slow: now and then is enough.
  const given = random(64) === 0 ? counted(framing, work) : framing;
  const split = digest(given, bytes, () => 1 + random(most), framing.maxFrameBytes);
  const whole = digest(framing, bytes, () => bytes.length, framing.maxFrameBytes);
  if (split !== whole) throw new Error(`whole ${whole}, split ${split}`);
  if (work.looked > 12 * bytes.length + 100) throw new Error(`looked at ${work.looked} bytes of ${bytes.length}`);
});
