/**
 * The contract of `write`, against a model: whatever the interleaving of writes, pauses, drains and ends on both sides,
 * the peer receives exactly the bytes that were reported taken, in order, once; a forced close may cut them short, never
 * change them. `TENK_RUNS=10000` runs it longer.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { type CloseReason, type Connection, connect, type Handler, listen, type Server } from "../../src/net/mod.ts";
import { until } from "./support.ts";

type Step =
  | { do: "write"; size: number }
  | { do: "pause" | "resume" | "turn" | "peer-pause" | "peer-resume" }
  | { do: "finish"; how: "end" | "close" | "reset" | "peer-end" };

/** Byte number `position` of everything a run ever writes. */
const byteAt = (position: number) => (position * 31 + (position >> 8)) & 255;

interface Run {
  server?: Connection<Run>;
  peer?: Connection<Run>;
  taken: number;
  received: number;
  wrong: number;
  reason?: CloseReason;
  peerReason?: CloseReason;
}

const waitingRuns: Run[] = [];
const serverSide: Handler<Run> = {
  open(connection) {
    const run = waitingRuns.shift()!;
    connection.data = run;
    run.server = connection;
  },
  close(connection, reason) {
    connection.data.reason = reason;
  },
};
const peerSide: Handler<Run> = {
  chunk({ data: run }, bytes) {
    for (let index = 0; index < bytes.length; index++)
      if (bytes[index] !== byteAt(run.received + index)) run.wrong += 1;
    run.received += bytes.length;
  },
  close(connection, reason) {
    connection.data.peerReason = reason;
  },
};

let server: Server;
beforeAll(async () => {
  const options = {
    writeQueueHighBytes: 20_000,
    writeQueueLowBytes: 5_000,
    writeQueueMaxBytes: 3_000_000,
    sendBufferBytes: 8192,
  };
  server = await listen({ host: "127.0.0.1", ...options }, serverSide);
});
afterAll(() => server.stop({ graceMs: 0 }));

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const scratch = new Uint8Array(400_000);

async function perform(run: Run, step: Step): Promise<void> {
  const { server: ours, peer } = run as Required<Run>;
  if (step.do === "write") {
    for (let index = 0; index < step.size; index++) scratch[index] = byteAt(run.taken + index);
    run.taken += ours.write(scratch.subarray(0, step.size));
    scratch.fill(0, 0, step.size); // what was taken must not be read again
  } else if (step.do === "pause" || step.do === "resume") ours[step.do]();
  else if (step.do === "peer-pause") peer.pause();
  else if (step.do === "peer-resume") peer.resume();
  else if (step.do === "turn") await turn();
  else if (step.do === "finish") {
    if (step.how === "peer-end") peer.end();
    else ours[step.how]();
  }
}

const size = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1000, max: 400_000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: size.map((bytes): Step => ({ do: "write", size: bytes })) },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom("pause", "resume", "turn", "peer-pause", "peer-resume")
      .map((each): Step => ({ do: each as "turn" })),
  },
);
const finish = fc
  .constantFrom("end", "end", "end", "close", "reset", "peer-end")
  .map((how): Step => ({ do: "finish", how: how as "end" }));

test("the peer receives exactly what was taken", async () => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 25 }),
    finish,
    fc.array(step, { maxLength: 5 }),
    async (steps, last, after) => {
      const run: Run = { taken: 0, received: 0, wrong: 0 };
      waitingRuns.push(run);
      run.peer = await connect({ port: server.port, data: run, receiveBufferBytes: 8192 }, peerSide);
      await until(() => run.server !== undefined);
      for (const each of steps) await perform(run, each);
      await perform(run, last);
      const takenAtEnd = run.taken;
      for (const each of after) await perform(run, each);
      if (last.do === "finish" && last.how !== "peer-end") expect(run.taken).toBe(takenAtEnd); // nothing is taken after an end
      run.server!.resume();
      run.peer.resume();
      await until(() => run.reason !== undefined && run.peerReason !== undefined);
      expect(run.wrong).toBe(0);
      expect(run.received).toBeLessThanOrEqual(run.taken);
      const graceful = run.reason === "handler" && last.do === "finish" && last.how === "end";
      if (graceful) expect(run.received).toBe(run.taken);
    },
  );
  await fc.assert(property, { numRuns: Number(process.env.TENK_RUNS ?? 150) });
  await until(() => server.counts().active === 0);
  expect(server.counts().writeQueueBytes).toBe(0);
}, 600_000);
