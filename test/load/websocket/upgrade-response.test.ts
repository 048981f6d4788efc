/** The answer to an opening handshake is judged the same however it is cut: `TENK_FUZZ=1000000` gives so many. */
import { expect, test } from "bun:test";
import { UpgradeResponse } from "../../../src/load/websocket/upgrade-response.ts";
import { run } from "../../wire/plain.ts";
import { latin1, split } from "../../wire/support.ts";
import { acceptOf, upgraded } from "./support.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const GOOD = upgraded(acceptOf(KEY), "Sec-WebSocket-Protocol: chat");

/** Reads chunks to the end of the head. @returns what became of it, and the bytes behind it */
function judged(chunks: readonly Uint8Array[]): string {
  const response = new UpgradeResponse(KEY, ["chat"]);
  for (const [index, chunk] of chunks.entries()) {
    const length = response.read(chunk);
    if (length < 0) return `refused: ${response.failure}`;
    const rest = Buffer.concat([chunk.subarray(length), ...chunks.slice(index + 1)]);
    if (length > 0) return `open "${response.subprotocol}" ${rest.toString("latin1")}`;
  }
  return "incomplete";
}

test("the answer of RFC 6455 §1.3 opens the connection, and what is behind it is frames", () => {
  expect(acceptOf(KEY)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const bytes = latin1(`${GOOD}\x81\x01a`);
  for (let place = 0; place <= bytes.length; place++) {
    expect(judged(split(bytes, [place]))).toBe('open "chat" \x81\x01a');
  }
});

const SEEDS = [
  GOOD,
  upgraded(acceptOf(KEY)),
  upgraded("s3pPLMBiTxaQ9kYGzzhZRbK+xOO="),
  "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
].map(latin1);

run("answers to an opening handshake", SEEDS, (bytes, random) => {
  const whole = judged([bytes]);
  const places = Array.from({ length: 1 + random(4) }, () => random(bytes.length + 1));
  const cut = judged(split(bytes, places).filter(({ length }) => length > 0));
  // Whether broken lines are found before the head is complete depends on how they come.
  const isNoHttp = [whole, cut].every((it) => it === "incomplete" || it.startsWith("refused: not HTTP/1.1"));
  if (whole !== cut && !isNoHttp) throw new Error(`whole: ${whole}, cut: ${cut}`);
});
