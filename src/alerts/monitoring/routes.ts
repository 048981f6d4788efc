import { z } from "zod";
import { parseDuration, TenkError } from "../../base/mod.ts";
import type { JsonRoutes } from "../../part/mod.ts";
import type { Alerts } from "../alerts.ts";
import { checkServices, MAX_MAINTENANCE_MS } from "../maintenance/mod.ts";
import { alertsView } from "./status.ts";

const names = z.array(z.string().min(1).max(200)).min(1).max(1000);
const TEST = z.strictObject({ channel: z.string().max(100).optional() });
const BEGIN = z.strictObject({ services: names, for: z.string().max(40), reason: z.string().max(200).optional() });
const END = z.strictObject({ end: names });

const MIN_MAINTENANCE_MS = 60_000;
const EXPECTED = 'expected { "services": ["git"], "for": "2h", "reason": "…" } or { "end": ["git"] }';

/** Routes below `/api/alerts/`. */
export function alertRoutes(alerts: Alerts, declared: () => readonly string[]): JsonRoutes {
  const view = () => alertsView(alerts, Date.now());
  return {
    list: { get: view },
    test: {
      async post(body) {
        const { channel } = parsed(TEST, body ?? {}, 'expected { "channel": "phone" }');
        return { results: await alerts.test(channel) };
      },
    },
    maintenance: {
      get: () => view().maintenance,
      post(body) {
        const nowMs = Date.now();
        const ended = END.safeParse(body);
        if (ended.success) {
          checkServices(ended.data.end, declared());
          const found = ended.data.end.map((each) => alerts.windows.end(each, nowMs));
          if (!found.includes(true))
            throw new TenkError("not-found", `There is no maintenance of ${ended.data.end.join(", ")}`);
        } else {
          const { services, for: given, reason } = parsed(BEGIN, body, EXPECTED);
          checkServices(services, declared());
          alerts.windows.begin(services, { forMs: lengthOf(given), reason }, nowMs);
        }
        alerts.keep();
        return view().maintenance;
      },
    },
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown, expected: string): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new TenkError("usage", `Cannot read the request: ${expected}`);
}

function lengthOf(text: string): number {
  const ms = parseDuration(text);
  if (ms >= MIN_MAINTENANCE_MS && ms <= MAX_MAINTENANCE_MS) return ms;
  throw new TenkError("usage", `Cannot begin maintenance for ${text}: expected from 1m to 30d`);
}
