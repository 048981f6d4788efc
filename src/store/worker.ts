/** The program of the thread that owns the files, so that the main loop never waits for a disk. Started by Store, never imported. */
import { carryLog, logOf, messageOf } from "../base/mod.ts";
import { Files } from "./files.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

declare const self: Worker;

let files: Files | undefined;
const log = logOf("store");

function post(message: FromWorker): void {
  self.postMessage(message);
}

carryLog((entry) => post({ kind: "log", entry }));

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "start") {
    files = new Files(data.settings, log);
    return;
  }
  let value: unknown;
  try {
    value = files?.handle(data);
  } catch (error) {
    log.error("store failed", { request: data.kind, error: messageOf(error) });
  }
  post({ kind: "result", id: data.id, value });
};
