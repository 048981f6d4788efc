/** DNS over TLS through a whole instance: with programs that people use, and with clients that do not behave. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { machineNames } from "../../../src/listener/mod.ts";
import { testWith } from "../../certificates/support.ts";
import { queryBytes } from "../queries.ts";
import { told } from "../resolver/house.ts";
import { openSite, runBeside, type Site, siteText } from "./site-support.ts";

const OWN = machineNames("home.arpa", undefined, hostname()).find((name) => name.endsWith(".home.arpa"))!;
const QUERY = queryBytes("localhost");
const FRAMED = Uint8Array.of(0, QUERY.length, ...QUERY);

let site: Site;
beforeAll(async () => {
  const rest = "services: { app: { respond: app } }\n";
  site = await openSite(siteText({ dns: "tls: 127.0.0.1:0, limits: { idle: 300ms, pending: 8 }", rest }));
});
afterAll(() => site[Symbol.asyncDispose]());

function opened(options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const to = { host: "127.0.0.1", port: site.port("tls"), servername: OWN, rejectUnauthorized: false };
    const socket = connect({ ...to, ...options }, () => resolve(socket)).on("error", reject);
  });
}

/** All that comes until the connection is over. */
function untilOver(socket: TLSSocket): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(parts)));
  });
}

describe("DNS over TLS", () => {
  const kdig = (...more: string[]) =>
    runBeside("kdig", ["@127.0.0.1", "-p", String(site.port("tls")), "+tls", ...more, "app.home.arpa"]);

  testWith("kdig", "answers kdig, which verifies name and CA", async () => {
    const said = await kdig(`+tls-ca=${site.rootFile}`, `+tls-hostname=${OWN}`);
    expect(said).toContain("status: NOERROR");
    expect(said).toMatch(/^app\.home\.arpa\.\s+60\s+IN\s+A\s+127\.0\.0\.1$/m);
    for (const wrong of [
      [`+tls-ca=${site.rootFile}`, "+tls-hostname=other.home.arpa"],
      ["+tls-ca", `+tls-hostname=${OWN}`],
    ])
      expect(await kdig(...wrong)).not.toContain("NOERROR");
  });

  testWith("kdig", "answers several queries of kdig on one connection", async () => {
    const words = ["@127.0.0.1", "-p", String(site.port("tls")), "+tls", "+keepopen", "+short"];
    const names = ["app.home.arpa", "app.local", "localhost", "x.invalid"];
    expect(await runBeside("kdig", [...words, ...names])).toBe("127.0.0.1\n127.0.0.1\n127.0.0.1\n");
  });

  test.each([
    [["dot"], "dot"],
    [undefined, false],
    [["h2"], false],
  ] as const)("to a client that offers %p agrees on %p, and answers", async (offered, agreed) => {
    const socket = await opened(offered && { ALPNProtocols: [...offered] });
    expect(socket.alpnProtocol as unknown).toBe(agreed);
    const came = untilOver(socket);
    socket.write(FRAMED);
    const answer = await came;
    expect(told(new Uint8Array(answer.subarray(2))).text).toBe("NOERROR A 127.0.0.1");
  });

  test("answers a query that comes byte by byte, and queries that come together", async () => {
    const socket = await opened();
    socket.setNoDelay(true);
    const came = untilOver(socket);
    for (const byte of FRAMED) socket.write(Uint8Array.of(byte));
    socket.write(Buffer.concat(Array.from({ length: 200 }, () => FRAMED)));
    const answers = await came;
    expect(answers.length).toBe(201 * (2 + answers.readUint16BE(0)));
  });

  test.each([
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["an empty message", Uint8Array.of(0, 0)],
    ["a message that is no query", Uint8Array.of(0, 5, 1, 2, 3, 4, 5)],
    ["an answer", Uint8Array.of(0, QUERY.length, QUERY[0]!, QUERY[1]!, QUERY[2]! | 0x80, ...QUERY.subarray(3))],
    ["one byte", Uint8Array.of(0)],
    ["the longest length, then silence", Uint8Array.of(0xff, 0xff)],
    ["nothing", new Uint8Array(0)],
  ])("closes a client that sends %s, without an answer", async (_, bytes) => {
    const socket = await opened();
    const came = untilOver(socket);
    if (bytes.length > 0) socket.write(bytes);
    expect((await came).length).toBe(0);
  });

  test("outlives clients that leave in the middle of a handshake, of a query and of an answer", async () => {
    const { Socket } = await import("node:net");
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x16, 3, 1, 0xff), FRAMED]) {
      const raw = new Socket().on("error", () => undefined);
      await new Promise<void>((resolve) => raw.connect(site.port("tls"), "127.0.0.1", () => resolve()));
      if (bytes.length > 0) raw.write(bytes);
      raw.resetAndDestroy();
    }
    for (const bytes of [FRAMED.subarray(0, 9), FRAMED]) {
      const socket = await opened();
      socket.write(bytes);
      socket.destroy();
    }
    const socket = await opened();
    const came = untilOver(socket);
    socket.write(FRAMED);
    expect((await came).length).toBeGreaterThan(2);
    expect(site.log.lines.filter(([level]) => level === "error")).toEqual([]);
  });
});
