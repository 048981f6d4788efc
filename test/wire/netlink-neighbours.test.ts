import { describe, expect, test } from "bun:test";
import { type Neighbour, readNeighbourReply } from "../../src/wire/mod.ts";

const REACHABLE = 2;
const FAILED = 0x20;

const uint32 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
const uint16 = (value: number) => [value & 255, value >> 8];

/** A message of rtnetlink: header, and what follows, up to a multiple of four. */
function message(type: number, body: readonly number[]): number[] {
  const padding = new Array<number>((4 - (body.length & 3)) & 3).fill(0);
  return [...uint32(16 + body.length), ...uint16(type), ...uint16(2), ...uint32(0), ...uint32(0), ...body, ...padding];
}

function attribute(type: number, value: readonly number[]): number[] {
  return [
    ...uint16(4 + value.length),
    ...uint16(type),
    ...value,
    ...new Array<number>((4 - (value.length & 3)) & 3).fill(0),
  ];
}

function neighbour(address: readonly number[], mac: readonly number[], state = REACHABLE): number[] {
  const family = address.length === 4 ? 2 : 10;
  const head = [family, 0, 0, 0, ...uint32(2), ...uint16(state), 0, 1];
  return message(28, [...head, ...attribute(1, address), ...attribute(2, mac), ...attribute(4, uint32(0))]);
}

const MAC = [0xaa, 0xbb, 0xcc, 0, 0x11, 0x22];
const IPV6 = [0xfd, ...new Array<number>(14).fill(0), 7];

function read(...parts: readonly number[][]) {
  const found: Neighbour[] = [];
  const isLast = readNeighbourReply(Uint8Array.from(parts.flat()), found);
  return { isLast, found };
}

describe("a reply with the kernel's neighbours", () => {
  test("has IPv4 and IPv6 addresses of a MAC address, and goes on until the kernel says so", () => {
    const two = [neighbour([192, 168, 1, 20], MAC), neighbour(IPV6, MAC)];
    const found = [
      { address: "192.168.1.20", mac: "aa:bb:cc:00:11:22" },
      { address: "fd00::7", mac: "aa:bb:cc:00:11:22" },
    ];
    expect(read(...two)).toEqual({ isLast: false, found });
    expect(read(...two, message(3, uint32(0)))).toEqual({ isLast: true, found });
    expect(read(message(2, uint32(0)), ...two)).toEqual({ isLast: true, found: [] });
  });

  test("leaves out what was not resolved, and what has no MAC address", () => {
    const failed = neighbour([192, 168, 1, 21], MAC, FAILED);
    const loopback = neighbour([127, 0, 0, 1], []);
    expect(read(failed, loopback, message(20, [1, 2, 3, 4])).found).toEqual([]);
  });

  test("gives no neighbour an address that is longer than its message", () => {
    // Its address would be the first bytes of the next message.
    const head = [2, 0, 0, 0, ...uint32(2), ...uint16(REACHABLE), 0, 1];
    const cut = message(28, [...head, ...attribute(2, MAC), ...uint16(8), ...uint16(1)]);
    expect(read(cut, neighbour([192, 168, 1, 20], MAC)).found).toEqual([
      { address: "192.168.1.20", mac: "aa:bb:cc:00:11:22" },
    ]);
  });

  test("is read up to its end, wherever it is cut off", () => {
    const whole = [...neighbour([192, 168, 1, 20], MAC), ...neighbour(IPV6, MAC)];
    for (let length = 0; length < whole.length; length++)
      expect(read(whole.slice(0, length)).found.length).toBeLessThan(2);
  });
});
