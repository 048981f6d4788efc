/** A controller that has the key and sends what no controller sends: agents must refuse it, each time with an error and nothing else. */
import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { decodeFrame, encodeFrame } from "../../../src/load/agents/frame.ts";
import { proof } from "../../../src/load/agents/proof.ts";
import { planTcp, runAgent } from "../../../src/load/mod.ts";
import { type Connection, listen } from "../../../src/net/mod.ts";
import { lengthPrefixed } from "../../../src/wire/mod.ts";
import { KEY, selfSigned, until, VERSION } from "./support.ts";

const FRAMES = lengthPrefixed({ maxBytes: 2 ** 26 });
const SLICE = { worker: 0, workers: 1, connections: 1, firstConnection: 0, maxMessages: Number.POSITIVE_INFINITY };
const PREPARE = {
  kind: "prepare",
  run: 1,
  protocol: "tcp",
  plan: { ...planTcp({ port: 1, statsUrl: false }) } as Record<string, unknown>,
  slices: [SLICE],
  files: [],
};

/** Has an agent join, sends it these frames, and returns what it says to them, and how it ends. */
async function answersTo(...messages: readonly (object | Uint8Array)[]): Promise<{ said: string[]; ended: string }> {
  const nonce = new Uint8Array(32);
  const said: string[] = [];
  let joined: Connection<unknown> | undefined;
  const say = (message: object | Uint8Array) =>
    joined?.write(FRAMES.encode(message instanceof Uint8Array ? message : encodeFrame(message)));
  await using server = await listen(
    { host: "127.0.0.1", tls: selfSigned },
    {
      framing: FRAMES,
      open(connection) {
        joined = connection;
        say({ kind: "challenge", nonce });
      },
      frame(_, frame) {
        const { kind, nonce: ofAgent, message } = decodeFrame(frame) as Record<string, unknown>;
        said.push(kind === "failed" ? `failed: ${String(message)}` : String(kind));
        if (kind !== "join") return;
        const { fingerprint256 } = new X509Certificate(selfSigned.cert);
        const own = proof(KEY, "controller", fingerprint256, { ofController: nonce, ofAgent: ofAgent as Uint8Array });
        say({ kind: "welcome", proof: own, silentMs: 60_000, name: "a" });
        for (const each of messages) say(each);
      },
    },
  );
  const stop = new AbortController();
  const options = { host: "127.0.0.1", port: server.port, key: KEY, version: VERSION, name: "a", signal: stop.signal };
  let ended = "";
  const running = runAgent(options).then(
    () => {
      ended ||= "left";
    },
    (error: Error) => {
      ended = error.message;
    },
  );
  await until(() => ended !== "" || said.length > 1);
  stop.abort();
  await running;
  return { said: said.slice(1), ended };
}

describe("an agent", () => {
  test.each([
    ["another protocol", { protocol: "quic" }, "an unknown protocol"],
    ["a protocol of all objects", { protocol: "constructor" }, "an unknown protocol"],
    ["no plan", { plan: undefined }, "plan is not an object"],
    ["a plan without connections", { plan: { ...PREPARE.plan, connections: -1 } }, "connections"],
    ["more loops than any machine has", { slices: Array.from({ length: 257 }, () => SLICE) }, "at most 256"],
    ["a slice of nothing", { slices: [{}] }, "slice"],
    ["more connections than a machine holds", { slices: [{ ...SLICE, connections: 1e12 }] }, "slice"],
    [
      "a script without its file",
      { plan: { ...PREPARE.plan, script: { file: "a.ts", args: [] } } },
      "without its file",
    ],
    ["a file outside its folder", { files: [{ path: "../tenk-out.ts", bytes: new Uint8Array(1) }] }, "leads out"],
    ["an absolute file", { files: [{ path: "/tmp/tenk-out.ts", bytes: new Uint8Array(1) }] }, "leads out"],
    ["a hidden way out", { files: [{ path: "a/../../tenk-out.ts", bytes: new Uint8Array(1) }] }, "leads out"],
  ])("refuses to prepare %s", async (_, change, why) => {
    const { said } = await answersTo({ ...PREPARE, ...change });
    expect(said[0]).toMatch(new RegExp(`^failed: malformed frame: .*${why}`));
    expect(existsSync(`${tmpdir()}/tenk-out.ts`)).toBe(false);
  });

  test.each([
    ["a message that is none", { kind: "dance" }, "left"],
    ["one of a run that is not there", { kind: "begin", run: 7, atMs: Number.NaN }, "left"],
    ["no kind", { no: "kind" }, "kind is not a text"],
    ["noise", new Uint8Array([0, 0, 0, 9, 123, 1]), "malformed frame"],
    ["a moment that is far off", [PREPARE, { kind: "begin", run: 1, atMs: 1e15 }], "a moment that is far off"],
    ["a message that no run knows", [PREPARE, { kind: "dance", run: 1 }], "does not send dance"],
  ])("ends its session, and not the process, at %s", async (_, messages, how) => {
    const { ended } = await answersTo(...[messages].flat(), { kind: "ping", id: 1 });
    expect(ended).toContain(how);
  });

  test("keeps no file of a run that it refused", async () => {
    const before = folders();
    const files = [{ path: "a.ts", bytes: new TextEncoder().encode("export function request() {}") }];
    await answersTo({ ...PREPARE, files, slices: [{}] });
    expect(folders()).toEqual(before);
  });
});

function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("tenk-agent-"));
}
