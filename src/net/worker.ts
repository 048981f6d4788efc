/** The program of one worker: one event loop's share of a listener. Started by WorkerPool, never imported. */
import { messageOf, TenkError } from "../base/mod.ts";
import { CountRows } from "./counts.ts";
import { loadHandler } from "./handler-module.ts";
import { LoopListener } from "./loop-listener.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

declare const self: Worker;

let listener: LoopListener<unknown> | undefined;
/** What is told meanwhile waits until the start is over: limits that change during a restart must hold afterwards. */
let started: Promise<void> = Promise.resolve();

function tell(message: FromWorker): void {
  self.postMessage(message);
}

async function start(message: WorkerStart): Promise<void> {
  try {
    const rows = new CountRows(message.workers, message.counts);
    const handler = await loadHandler<unknown>(message.handlerHref);
    const state = { rows, addresses: message.addresses, salt: message.salt };
    listener = new LoopListener(message.options, handler, state, message.worker, true);
    tell({ kind: "listening", port: listener.port });
  } catch (error) {
    const known = error instanceof TenkError ? error : undefined;
    tell({ kind: "failed", code: known?.code ?? "invalid-option", message: messageOf(error), hint: known?.hint });
  }
}

self.onmessage = async (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  if (message.kind === "start") started = start(message);
  await started;
  if (message.kind === "limits") listener?.update(message.limits);
  else if (message.kind === "close-all") listener?.closeAll();
  else if (message.kind === "stop") {
    await listener?.stop(message.graceMs);
    tell({ kind: "stopped" });
  }
};
