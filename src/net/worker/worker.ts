/** The program of one worker: one event loop's share of a listener. Started by WorkerPool, never imported. */
import { carryLog, messageOf, TenkError } from "../../base/mod.ts";
import { Count, CountRows } from "../counts.ts";
import { answer, LoopListener } from "../loop/mod.ts";
import { codeFrame, loadHandler, placeOfError } from "../module/mod.ts";
import { openVitals, type WorkerVitals } from "../vitals.ts";
import type { Failure, FromWorker, ToWorker, WorkerStart } from "./messages.ts";

declare const self: Worker;

/** Of this thread, from its start on: 0.1 % of a core. */
const vitals = openVitals();
let index = 0;
let counts: Float64Array | undefined;
let listener: LoopListener<unknown> | undefined;
/** What is told meanwhile waits until the start is over: limits that change during a restart must hold afterwards. */
let started: Promise<void> = Promise.resolve();

function tell(message: FromWorker): void {
  self.postMessage(message);
}

carryLog((entry) => tell({ kind: "log", entry }));

function failureOf(error: unknown): Failure {
  if (error instanceof TenkError) return { code: error.code, message: error.message, hint: error.hint };
  // Its stack does not travel: where a handler threw is said here.
  const place = placeOfError(error);
  const where = place === undefined ? "" : `\n${codeFrame(place)}`;
  return { code: "invalid-option", message: messageOf(error) + where, hint: undefined };
}

async function start(message: WorkerStart): Promise<void> {
  index = message.worker;
  try {
    const rows = new CountRows(message.workers, message.counts);
    counts = rows.row(message.worker);
    const handler = await loadHandler<unknown>(message.handlerHref, message.options.handlerOptions);
    const state = { rows, addresses: message.addresses, salt: message.salt };
    listener = new LoopListener(message.options, handler, state, message.worker, true);
    listener.forward = (topic, published) => tell({ kind: "publish", topic, message: published });
    tell({ kind: "listening", port: listener.port });
  } catch (error) {
    tell({ kind: "failed", ...failureOf(error) });
  }
}

self.onmessage = async (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  if (message.kind === "start") started = start(message);
  if (message.kind === "publish" && counts !== undefined) counts[Count.relayedBytes]! += message.message.length;
  await started;
  if (listener === undefined) return;
  switch (message.kind) {
    case "publish":
      return listener.publishHere(message.topic, message.message);
    case "limits":
      return listener.update(message.limits);
    case "close-all":
      return listener.closeAll();
    case "ask":
      if (message.question.what === "vitals") {
        const value: WorkerVitals = { ...vitals.read(), worker: index };
        return tell({ kind: "answer", id: message.id, value });
      }
      return answer(listener, message.question).then(
        (value) => tell({ kind: "answer", id: message.id, value }),
        (error) => tell({ kind: "no-answer", id: message.id, ...failureOf(error) }),
      );
    case "stop":
      await listener.stop(message.graceMs);
      tell({ kind: "stopped" });
  }
};
