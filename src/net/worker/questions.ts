import { TenkError } from "../../base/mod.ts";
import type { Question } from "../questions.ts";
import type { Failure, FromWorker, ToWorker } from "./messages.ts";

/** A worker that does not answer within this is left out: a handler holds its loop. */
const ANSWER_MS = 5000;

/** What became of a question: it ended instead of answering, or has not answered in time. */
export type Outcome =
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "refused"; readonly error: TenkError }
  | { readonly kind: "ended" }
  | { readonly kind: "silent" };

type Settle = (outcome: Outcome) => void;

/** Questions to workers that are under way. */
export class WorkerQuestions {
  readonly #waiting = new Map<number, Settle>();
  #asked = 0;

  /** @returns undefined from a worker that ended, or does not answer. @throws {TenkError} what the worker said */
  async ask(worker: Worker, question: Question): Promise<unknown> {
    const outcome = await this.outcome(worker, question);
    if (outcome.kind === "refused") throw outcome.error;
    return outcome.kind === "answer" ? outcome.value : undefined;
  }

  outcome(worker: Worker, question: Question, withinMs = ANSWER_MS): Promise<Outcome> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ kind: "silent" }), withinMs);
      const gone = () => settle({ kind: "ended" });
      const settle: Settle = (outcome) => {
        clearTimeout(timer);
        worker.removeEventListener("close", gone);
        this.#waiting.delete(id);
        // Not inside the dispatch of the worker's message: who waits there in place, as bun:test's `rejects` does, would never
        // see the next one.
        setTimeout(resolve, 0, outcome);
      };
      this.#waiting.set(id, settle);
      worker.addEventListener("close", gone);
      worker.postMessage({ kind: "ask", id, question } satisfies ToWorker);
    });
  }

  receive(message: FromWorker): void {
    if (message.kind === "answer") this.#waiting.get(message.id)?.({ kind: "answer", value: message.value });
    if (message.kind === "no-answer")
      this.#waiting.get(message.id)?.({ kind: "refused", error: failureError(message) });
  }
}

export function failureError({ code, message, hint }: Failure): TenkError {
  return new TenkError(code, message, hint === undefined ? {} : { hint });
}
