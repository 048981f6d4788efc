/** What every thread of the pool runs: it loads programs and passes messages on to them. Started by `Thread`, never imported. */
import { carryLog, messageOf, TenkError } from "../../base/mod.ts";
import { codeFrame, placeOfError } from "../module/mod.ts";
import { registered } from "../requests.ts";
import { openVitals } from "../vitals.ts";
import type { Failure } from "./outcome.ts";
import type { Deploy, Program } from "./program.ts";
import type { FromThread, OwnRequest, ToThread } from "./thread-messages.ts";

declare const self: Worker;

/** From its start on: 0.1 % of a core. */
const vitals = openVitals();
const programs = new Map<number, Promise<Program>>();

function tell(message: FromThread): void {
  self.postMessage(message);
}

function failureOf(error: unknown): Failure {
  if (error instanceof TenkError) return { code: error.code, message: error.message, hint: error.hint };
  // A stack cannot be sent to another thread, so the place is added to the message.
  const place = placeOfError(error);
  const where = place === undefined ? "" : `\n${codeFrame(place)}`;
  return { code: "invalid-option", message: messageOf(error) + where, hint: undefined };
}

async function answer(request: number, work: () => unknown): Promise<void> {
  try {
    tell({ kind: "answer", request, value: await work() });
  } catch (error) {
    tell({ kind: "refused", request, failure: failureOf(error) });
  }
}

async function deployed(id: number, module: string, start: unknown): Promise<Program> {
  try {
    const { deploy } = (await import(module)) as { deploy: Deploy };
    return await deploy(start, (message) => tell({ kind: "post", id, message }));
  } catch (error) {
    programs.delete(id);
    throw error;
  }
}

/** Messages wait until the start is over: limits that change during a restart must hold afterwards. */
function programOf(id: number): Promise<Program | undefined> {
  return programs.get(id)?.catch(() => undefined) ?? Promise.resolve(undefined);
}

async function stop(id: number, graceMs: number): Promise<void> {
  await (await programOf(id))?.stop(graceMs);
  programs.delete(id);
}

function own(request: OwnRequest): unknown {
  if (request.what === "vitals") return vitals.read();
  if (request.what === "registered") return registered(request.name);
  return true;
}

self.onmessage = async ({ data: message }: MessageEvent<ToThread>) => {
  switch (message.kind) {
    case "deploy": {
      const program = deployed(message.id, message.module, message.start);
      programs.set(message.id, program);
      return answer(message.request, () => program.then(() => undefined));
    }
    case "stop":
      return answer(message.request, () => stop(message.id, message.graceMs));
    case "forget":
      return void programOf(message.id).then((program) => program?.stop(0));
    case "post":
      return (await programOf(message.id))?.receive(message.message);
    case "request": {
      const program = await programOf(message.id);
      if (program === undefined) return tell({ kind: "gone", request: message.request });
      return answer(message.request, () => program.handle(message.message));
    }
    case "own":
      return answer(message.request, () => own(message.own));
  }
};

carryLog((entry) => tell({ kind: "log", entry }));
tell({ kind: "ready" });
