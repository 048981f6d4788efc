import { describe, expect, test } from "bun:test";
import {
  decodeSocksLogin,
  decodeSocksMethod,
  decodeSocksReply,
  encodeSocksConnect,
  encodeSocksCredentials,
  encodeSocksGreeting,
  SOCKS_REFUSALS,
  socks5Dialogue,
  type TunnelDialogue,
} from "../../src/wire/mod.ts";
import { concat, hex, latin1 } from "./support.ts";

const TARGET = { host: "127.0.0.1", port: 80 };
const CREDENTIALS = { username: "user", password: "pass" };

describe("a request", () => {
  test.each([
    ["an IPv4 address", encodeSocksConnect({ host: "192.0.2.1", port: 443 }), "050100 01 c0000201 01bb"],
    [
      "an IPv6 address",
      encodeSocksConnect({ host: "2001:db8::1", port: 1 }),
      `050100 04 20010db8${"00".repeat(11)}01 0001`,
    ],
    ["a name", encodeSocksConnect({ host: "a.b", port: 65_535 }), "050100 03 03 612e62 ffff"],
    ["a greeting", encodeSocksGreeting(["none", "password"]), "05 02 00 02"],
    ["credentials", encodeSocksCredentials({ username: "ü", password: "p" }), "01 02 c3bc 01 70"],
  ])("for %s", (_, bytes, expected) => {
    expect(bytes).toEqual(hex(expected));
  });

  test.each([
    ...["", "a b", "a\r\nb", "a\0b", "a:80", "[::1]", "a/b", "münchen.example", "x".repeat(256), "fe80::1%lo"].map(
      (host) => () => encodeSocksConnect({ host, port: 80 }),
    ),
    ...[0, -1, 65_536, 1.5, Number.NaN].map((port) => () => encodeSocksConnect({ host: "a", port })),
    () => encodeSocksCredentials({ username: "", password: "p" }),
    () => encodeSocksCredentials({ username: "u", password: "" }),
    () => encodeSocksCredentials({ username: "u", password: "ü".repeat(128) }),
  ])("that could not be meant is refused (case %#)", (encode) => {
    expect(encode).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });

  test("for the longest name has its length in one byte", () => {
    expect(encodeSocksConnect({ host: "x".repeat(255), port: 1 })).toHaveLength(262);
  });
});

describe("a reply", () => {
  test.each([
    ["an IPv4 address", "050000 01 c0000201 01bb", "192.0.2.1", 443],
    ["an IPv6 address", `050000 04 20010db8${"00".repeat(11)}01 0001`, "2001:db8::1", 1],
    ["a name", "050000 03 03 612e62 ffff", "a.b", 65_535],
    ["no name", "050000 03 00 0000", "", 0],
    ["a name that is not fit to print", "050000 03 03 610a1b 0000", "a??", 0],
  ])("with %s is read, and not before its last byte", (_, digits, address, port) => {
    const bytes = hex(digits);
    const value = { address, port };
    expect(decodeSocksReply(concat(bytes, latin1("more")))).toEqual({ state: "value", value, length: bytes.length });
    for (let end = 0; end < bytes.length; end++) {
      expect(decodeSocksReply(bytes.subarray(0, end))).toEqual({ state: "incomplete" });
    }
  });

  test("of every code has its own reason, known at the second byte", () => {
    const causes = SOCKS_REFUSALS.slice(SOCKS_REFUSALS.indexOf("general-failure"));
    for (let code = 1; code <= 255; code++) {
      const reason = causes[code - 1] ?? "unassigned-reply";
      expect(decodeSocksReply(Uint8Array.of(5, code))).toEqual({ state: "refused", reason });
    }
    expect(causes).toHaveLength(9);
  });

  test.each([
    ["another version", "04", "version"],
    ["HTTP", "48545450", "version"],
    ["a reserved byte that is used", "050001", "malformed"],
    ["an address type that does not exist", "05000002", "malformed"],
    ["an address type that does not exist, with more", "05000002 00000000 0000", "malformed"],
  ])("with %s is refused", (_, digits, reason) => {
    expect(decodeSocksReply(hex(digits))).toEqual({ state: "refused", reason } as never);
  });

  test("to a greeting or a login is refused when it is not one", () => {
    const reasonOf = (decoded: object) => (decoded as { reason?: string }).reason;
    expect(reasonOf(decodeSocksMethod(hex("04"), ["none"]))).toBe("version");
    expect(reasonOf(decodeSocksMethod(hex("05ff"), ["none"]))).toBe("no-acceptable-method");
    expect(reasonOf(decodeSocksMethod(hex("0502"), ["none"]))).toBe("method-not-offered");
    expect(reasonOf(decodeSocksMethod(hex("0501"), ["none", "password"]))).toBe("method-not-offered");
    expect(reasonOf(decodeSocksLogin(hex("05")))).toBe("malformed");
    expect(reasonOf(decodeSocksLogin(hex("0102")))).toBe("credentials-refused");
    expect([decodeSocksMethod(hex("05"), ["none"]), decodeSocksLogin(hex("01"))]).toEqual([
      { state: "incomplete" },
      { state: "incomplete" },
    ]);
  });
});

/** The dialogue's step for each chunk: its state, or the bytes it sent or received. */
function talk(dialogue: TunnelDialogue, chunks: readonly Uint8Array[]): string[] {
  return chunks.map((chunk) => {
    const step = dialogue.receive(chunk);
    if (step.state === "send") return Buffer.from(step.bytes).toString("hex");
    if (step.state === "open") return `open ${Buffer.from(step.rest).toString()}`;
    return step.state === "refused" ? step.reason : step.state;
  });
}

describe("a dialogue", () => {
  const connect = "050100017f0000010050";
  const login = "0104757365720470617373";

  // As microsocks 1.0.3 was seen to answer.
  test.each([
    ["without a login", undefined, ["0500", "05000001000000000000"], [connect, "open "]],
    ["with one", CREDENTIALS, ["0502", "0100", "05000001000000000000"], [login, connect, "open "]],
    ["with one that is not asked for", CREDENTIALS, ["0500", "05000001000000000000"], [connect, "open "]],
    ["with a wrong one", CREDENTIALS, ["0502", "0102"], [login, "credentials-refused"]],
    ["without the one that is asked for", undefined, ["05ff"], ["no-acceptable-method"]],
    ["to a closed port", undefined, ["0500", "05050001000000000000"], [connect, "connection-refused"]],
    ["with bytes through the tunnel behind it", undefined, ["0500", "050000010000000000006869"], [connect, "open hi"]],
    ["with a proxy that answers what it was not asked", undefined, ["050005000001000000000000"], ["unexpected-bytes"]],
  ])("%s", (_, credentials, chunks, expected) => {
    expect(talk(socks5Dialogue(TARGET, credentials), chunks.map(hex))).toEqual(expected);
  });

  test("says the same when the proxy's bytes come one by one", () => {
    const bytes = [...hex("0502 0100 05000003026162000068")].map((byte) => Uint8Array.of(byte));
    const spoken = talk(socks5Dialogue(TARGET, CREDENTIALS), bytes.slice(0, -1));
    expect(spoken.filter((word) => word !== "incomplete")).toEqual([login, connect, "open "]);
  });

  test("offers only what it has", () => {
    expect(socks5Dialogue(TARGET).hello).toEqual(hex("050100"));
    expect(socks5Dialogue(TARGET, CREDENTIALS).hello).toEqual(hex("05020002"));
  });
});
