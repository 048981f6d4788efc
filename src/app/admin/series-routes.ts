import { type History, parseSeriesKey, seriesKey, unitOf } from "../../metrics/mod.ts";
import { numberParam } from "../../part/mod.ts";
import type { Route } from "./request-context.ts";
import { badRequest, json } from "./response.ts";

const MAX_KEYS = 50;
/** A name without labels stands for all series of that name. */
const MAX_SERIES = 200;

/** `GET /api/names` */
export function namesRoute(history: History, helpOf: (name: string) => string): Route {
  return {
    async get() {
      const series = (await history.names()).map(({ key, name, labels, type }) => ({
        key,
        name,
        labels,
        kind: type === "counter" ? "rate" : "gauge",
        unit: unitOf(name) ?? "",
        help: helpOf(name),
      }));
      return json({ series });
    },
  };
}

/**
 * `GET /api/series?name=KEY&name=KEY&from=&to=&step=`, in milliseconds, both ends included; the last five minutes by default.
 * The series of an unknown key is one long gap.
 */
export function seriesRoute(history: History, now: () => number = Date.now): Route {
  return {
    async get({ query }) {
      const asked = query.getAll("name");
      if (asked.length === 0) throw badRequest("expected name=KEY", "GET /api/names lists the keys");
      if (asked.length > MAX_KEYS) throw badRequest(`expected at most ${MAX_KEYS} names`);
      const keys = distinct(asked);
      const toMs = numberParam(query, "to") ?? now();
      const fromMs = numberParam(query, "from") ?? toMs - 300_000;
      if (toMs < fromMs) throw badRequest("expected from before to");
      // The end is included, as in Prometheus: a page asks up to the last second that its live stream sent.
      const range = { fromMs, toMs: toMs + 1, stepMs: numberParam(query, "step") ?? 1000 };
      const answers = await Promise.all(
        keys.map(async (key) => {
          const { stepMs, t, series } = await history.series({ ...parseSeriesKey(key), ...range });
          const found = series.map(({ key, min, mean, max }) => ({ key, t, min, mean, max }));
          return { stepMs, series: found.length > 0 ? found : [gap(key, t)] };
        }),
      );
      const series = answers.flatMap((answer) => answer.series).slice(0, MAX_SERIES);
      return json({ stepMs: answers[0]?.stepMs ?? 1000, series });
    },
  };
}

/** Each costs all its points: one that is named fifty times is read once. */
function distinct(keys: readonly string[]): string[] {
  return [
    ...new Set(
      keys.map((key) => {
        const { name, labels } = parseSeriesKey(key);
        return seriesKey(name, labels);
      }),
    ),
  ];
}

function gap(key: string, t: readonly number[]) {
  const nothing = t.map(() => null);
  const { name, labels } = parseSeriesKey(key);
  return { key: seriesKey(name, labels), t, min: nothing, mean: nothing, max: nothing };
}
