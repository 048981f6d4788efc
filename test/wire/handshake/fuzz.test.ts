/** Handshakes with services that send anything: none throws, none takes an outcome back, none depends on how bytes were cut. */
import { expect, test } from "bun:test";
import { beginHandshake, HANDSHAKE_KINDS, HANDSHAKE_REASONS, recognizeGreeting } from "../../../src/wire/mod.ts";
import { fuzz } from "../fuzz.ts";
import { concat, hex, latin1 } from "../support.ts";
import { captures, talk } from "./support.ts";

/** Used where the captured conversations are not here. */
const OWN = [
  "+PONG\r\n*3\r\n$6\r\nmaster\r\n:1\r\n*0\r\n",
  "INFO {}\r\nPONG\r\n",
  "220 ESMTP\r\n",
  "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I",
];
const seeds = [
  ...OWN.map(latin1),
  ...captures.map(({ greeting, talk: pairs }) => concat(hex(greeting), ...pairs.map(([, answered]) => hex(answered)))),
].filter((seed) => seed.length > 0 && seed.length < 2000);

test("every kind bears any bytes, in any pieces", () => {
  let at = 0;
  const { inputs } = fuzz(seeds, (bytes, random) => {
    const kind = HANDSHAKE_KINDS[at++ % HANDSHAKE_KINDS.length]!;
    const options = random(2) === 0 ? {} : { user: "u", password: "p", isTrustedPath: random(2) === 0 };
    recognizeGreeting(bytes);
    const whole = talk(kind, [bytes], options);
    const place = random(bytes.length + 1);
    const cut = talk(kind, [bytes.subarray(0, place), bytes.subarray(place)], options);
    // The words that come with an outcome may be fewer. Only the sum of the bytes is bounded, and a larger piece meets the bound earlier.
    if (
      bytes.length <= 65_536 &&
      (cut.outcome?.state !== whole.outcome?.state || cut.outcome?.reason !== whole.outcome?.reason)
    )
      throw new Error(`${kind}: cut at ${place}`);
    if (whole.outcome === undefined && bytes.length > 65_536) throw new Error(`${kind}: waits beyond its bound`);
    const { state, reason, detail = "", facts } = whole.outcome ?? beginHandshake(kind).ended();
    if (state !== (reason === undefined ? "up" : HANDSHAKE_REASONS[reason]))
      throw new Error(`${kind}: ${state} ${reason}`);
    for (const text of [detail, ...Object.values(facts)]) {
      if (!/^[\x20-\x7e]{0,100}$/.test(String(text)))
        throw new Error(`${kind}: not fit to print: ${JSON.stringify(text)}`);
    }
  });
  expect(inputs).toBeGreaterThan(100);
}, 3_600_000);
