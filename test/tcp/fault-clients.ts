/**
 * Clients of a relay, so many at a time (arguments: port, seed, how many). Each sends some bytes and its FIN, and wants them
 * back. A line on stdin is answered by how those since the last line ended; at the end of stdin they stop, and so does this.
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { randomFrom } from "../wire/fuzz.ts";

/** `short` is what must never be: a FIN, as if all were well, with bytes missing before it. */
export type Outcome = "whole" | "none" | "short" | "reset" | "gave-up";

const TIMEOUT_MS = 4000;
const MOST_BYTES = 60_000;
const [port, seed, atOnce] = process.argv.slice(2).map(Number) as [number, number, number];
const random = randomFrom(seed);
let outcomes: Partial<Record<Outcome, number>> = {};
let isStopping = false;

function one(): Promise<Outcome> {
  return new Promise((resolve) => {
    const length = 1 + random(MOST_BYTES);
    let got = 0;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const timer = setTimeout(() => finish("gave-up"), TIMEOUT_MS);
    const finish = (outcome: Outcome) => {
      clearTimeout(timer);
      // Some leave as a killed process does whose bytes were not read.
      if (outcome === "gave-up" && random(2) === 0) socket.resetAndDestroy();
      else socket.destroy();
      resolve(outcome);
    };
    socket.on("data", (bytes) => {
      got += bytes.length;
    });
    socket.on("end", () => finish(got === length ? "whole" : got === 0 ? "none" : "short"));
    socket.on("error", () => finish("reset"));
    socket.end(Buffer.alloc(length, 7));
  });
}

async function many(): Promise<void> {
  while (!isStopping) {
    const outcome = await one();
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, random(20)));
  }
}

const all = Array.from({ length: atOnce }, () => many());
for await (const _ of createInterface(process.stdin)) {
  console.log(JSON.stringify(outcomes));
  outcomes = {};
}
isStopping = true;
await Promise.all(all);
process.exit(0);
