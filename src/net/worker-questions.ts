import { TenkError } from "../base/mod.ts";
import type { Question } from "./questions.ts";
import type { Failure, FromWorker, ToWorker } from "./worker-messages.ts";

/** A worker that does not answer within this is left out: a handler holds its loop. */
const ANSWER_MS = 5000;

interface Waiting {
  settle(value: unknown, failure: Failure | undefined): void;
}

/** Questions to workers that are under way. */
export class WorkerQuestions {
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  /** @returns undefined from a worker that ended, or does not answer. @throws {TenkError} what the worker said */
  ask(worker: Worker, question: Question): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(undefined, undefined), ANSWER_MS);
      const gone = () => settle(undefined, undefined);
      const settle = (value: unknown, failure: Failure | undefined) => {
        clearTimeout(timer);
        worker.removeEventListener("close", gone);
        this.#waiting.delete(id);
        if (failure === undefined) resolve(value);
        else reject(failureError(failure));
      };
      this.#waiting.set(id, { settle });
      worker.addEventListener("close", gone);
      worker.postMessage({ kind: "ask", id, question } satisfies ToWorker);
    });
  }

  receive(message: FromWorker): void {
    if (message.kind === "answer") this.#waiting.get(message.id)?.settle(message.value, undefined);
    if (message.kind === "no-answer") this.#waiting.get(message.id)?.settle(undefined, message);
  }
}

export function failureError({ code, message, hint }: Failure): TenkError {
  return new TenkError(code, message, hint === undefined ? {} : { hint });
}
