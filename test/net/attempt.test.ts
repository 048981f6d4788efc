import { expect, test } from "bun:test";
import type { Candidate } from "../../src/net/dial/address-history.ts";
import { Attempt } from "../../src/net/dial/attempt.ts";
import type { RawSocket } from "../../src/net/socket-events.ts";

/** A socket as the runtime hands it over while it connects; `port` comes when it is connected. */
function connecting(isLocal: boolean) {
  const told: string[] = [];
  const socket = {
    remotePort: undefined as number | undefined,
    data: undefined,
    terminate: () => told.push("terminated"),
  };
  const ends = { reached: () => void told.push("reached"), lost: () => void told.push("lost") };
  const attempt = new Attempt({} as Candidate, ends, { isLocal, isPaced: false });
  return { attempt, socket, raw: socket as unknown as RawSocket, told };
}

test("the runtime's first writable without a peer does not count as connected", () => {
  const { attempt, socket, raw, told } = connecting(false);
  attempt.writable();
  attempt.attached(raw);
  attempt.writable();
  expect(told).toEqual([]);
  socket.remotePort = 5432;
  attempt.writable();
  attempt.writable();
  attempt.gone(undefined);
  expect(told).toEqual(["reached"]);
});

test("a Unix socket, which never has a port, is connected at once", () => {
  const { attempt, raw, told } = connecting(true);
  attempt.attached(raw);
  attempt.writable();
  expect(told).toEqual(["reached"]);
});

test("an attempt that was dropped tells nobody, also where its socket comes afterwards", () => {
  const { attempt, socket, raw, told } = connecting(false);
  attempt.drop();
  attempt.attached(raw);
  socket.remotePort = 5432;
  attempt.writable();
  attempt.failed(new Error("reset"));
  expect(told).toEqual(["terminated"]);
});
