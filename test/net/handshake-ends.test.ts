import { expect, test } from "bun:test";
import fc from "fast-check";
import type { RawSocket } from "../../src/net/socket-events.ts";
import { Handshake } from "../../src/net/tls/mod.ts";

/** The two halves of a socket, as far as a handshake uses them. */
function sockets(upgrades: boolean) {
  const terminated: string[] = [];
  const half = (name: string) => ({
    data: undefined as unknown,
    terminate: () => void terminated.push(name),
    reload() {},
    getPeerCertificate: () => ({}),
  });
  const secure = half("secure");
  const raw = {
    ...half("raw"),
    upgradeTLS() {
      if (!upgrades) throw new Error("no context");
      return [raw, secure];
    },
  };
  return { raw: raw as unknown as RawSocket, terminated };
}

const EVENTS = {
  secured: (it: Handshake) => it.secured(true, null),
  refused: (it: Handshake) => it.secured(false, new Error("certificate expired")),
  gone: (it: Handshake) => it.gone(undefined),
  reset: (it: Handshake) => it.gone(new Error("reset")),
  failed: (it: Handshake) => it.failed(new Error("read")),
  peerFinished: (it: Handshake) => it.peerFinished(),
  terminate: (it: Handshake) => it.terminate(),
};

test("a handshake has one end, whatever the runtime tells of it afterwards", () => {
  const events = fc.array(fc.constantFrom(...(Object.keys(EVENTS) as (keyof typeof EVENTS)[])), { maxLength: 6 });
  fc.assert(
    fc.property(fc.boolean(), events, (upgrades, told) => {
      const { raw, terminated } = sockets(upgrades);
      const ends: string[] = [];
      const verify = (_: RawSocket, authorized: boolean, error: Error | null) => (authorized ? undefined : error!);
      const handshake = new Handshake(raw, { tls: {}, socket: {} }, 60_000, verify, {
        done: () => ends.push("done"),
        failed: (reason) => ends.push(reason),
      });
      for (const each of told) EVENTS[each](handshake);
      const first = upgrades ? told[0] : "failed";
      const expected = {
        secured: "done",
        refused: "tls-failed",
        gone: "peer",
        reset: "tls-failed",
        failed: "tls-failed",
        peerFinished: "peer",
      };
      expect(ends).toEqual(first === undefined || first === "terminate" ? [] : [expected[first]]);
      if (first !== undefined && first !== "secured") expect(terminated.length).toBeGreaterThan(0);
      handshake.terminate();
    }),
  );
});
