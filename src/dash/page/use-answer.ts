import { useEffect, useState } from "preact/hooks";
import { ask, ClientError } from "./client.ts";

/**
 * Loads an answer, and again every `everyMs` while the browser shows the page.
 *
 * @param everyMs 0: only once
 */
export function useAnswer<Answer>(
  path: string,
  words: Readonly<Record<string, string | number | undefined>>,
  everyMs: number,
) {
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<ClientError>();
  const [turn, setTurn] = useState(0);
  const asked = JSON.stringify(words);
  useEffect(() => {
    const stop = new AbortController();
    const load = async () => {
      try {
        setAnswer(await ask<Answer>(path, JSON.parse(asked), stop.signal));
        setError(undefined);
      } catch (thrown) {
        if (thrown instanceof ClientError) setError(thrown);
      }
    };
    void load();
    const timer = setInterval(() => {
      if (everyMs > 0 && !document.hidden) void load();
    }, everyMs || 60_000);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [path, asked, everyMs, turn]);
  return { answer, error, again: () => setTurn((before) => before + 1) };
}
