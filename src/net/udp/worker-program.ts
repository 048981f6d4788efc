/** What a thread of a UDP socket runs. Started by `listenUdp`, never imported. */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { messageOf } from "../../base/mod.ts";
import { UdpRows } from "./counts.ts";
import { Datagrams } from "./datagrams.ts";
import { HandOver } from "./hand-over.ts";
import type { DatagramHandler, ServeDatagrams } from "./types.ts";
import { WorkerLoop } from "./worker-loop.ts";
import { ANSWERED, ASKED, type FromWorker, PAUSE, STOP, type ToWorker, type WorkerStart } from "./worker-messages.ts";

declare const self: Worker;

function tell(message: FromWorker): void {
  self.postMessage(message);
}

async function handlerOf({ module, start, index }: WorkerStart): Promise<DatagramHandler> {
  const { serve } = (await import(module)) as { serve: ServeDatagrams };
  return serve(start, { index, post: (message) => tell({ kind: "post", message }) });
}

/** Never returns to the event loop until it is told to stop: what is posted arrives all the same. */
function loop(start: WorkerStart, handler: DatagramHandler): void {
  const control = new Int32Array(start.control);
  new WorkerLoop(
    {
      sockets: start.sockets,
      doorbell: start.doorbell,
      datagrams: new Datagrams(start.batchSize, start.outBytes),
      counts: new UdpRows(start.workers, start.rows).row(start.index),
      handOver: new HandOver(start.handOver),
      call: () => tell({ kind: "call" }),
      rung: () => {
        Atomics.store(control, ANSWERED, Atomics.load(control, ASKED));
        takeMessages(start.port, handler);
        return Atomics.load(control, STOP) === 0;
      },
      isPaused: () => Atomics.load(control, PAUSE) !== 0,
      failed: (error) => tell({ kind: "failed", error }),
    },
    handler,
  ).run();
}

function takeMessages(port: MessagePort, handler: DatagramHandler): void {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    try {
      handler.message?.(next.message);
    } catch (error) {
      tell({ kind: "failed", error: messageOf(error) });
    }
  }
}

self.onmessage = async ({ data: start }: MessageEvent<ToWorker>) => {
  if ("load" in start) {
    // What is wrong with it, the start says.
    await import(start.load).catch(() => undefined);
    return;
  }
  let handler: DatagramHandler;
  try {
    handler = await handlerOf(start);
  } catch (error) {
    return tell({ kind: "refused", message: messageOf(error) });
  }
  tell({ kind: "ready" });
  loop(start, handler);
  tell({ kind: "ended" });
};
