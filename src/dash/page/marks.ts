import type { ChartMark, MarksAnswer } from "../api.ts";
import { cell } from "./cell.ts";
import { ask, ClientError } from "./client.ts";

/** What happened in the time that charts show. */
export const marks = cell<readonly ChartMark[]>([]);

let loading: AbortController | undefined;

/** Loads the marks of a stretch of time. Charts do without them where that fails: others say what is wrong. */
export async function loadMarks(fromMs: number, toMs: number): Promise<void> {
  loading?.abort();
  const mine = new AbortController();
  loading = mine;
  try {
    const answer = await ask<MarksAnswer>(
      "/api/marks",
      { from: Math.round(fromMs), to: Math.round(toMs) },
      mine.signal,
    );
    marks.set(answer.marks);
  } catch (error) {
    const isKnown = error instanceof ClientError || (error instanceof DOMException && error.name === "AbortError");
    if (!isKnown) throw error;
  }
}
