import { z } from "zod";
import type { KeptIncidents } from "./incidents/mod.ts";
import type { KeptMaintenance } from "./maintenance/mod.ts";
import type { KeptSender } from "./outbox/mod.ts";

/** What survives a restart. */
export interface Kept {
  readonly version: 1;
  readonly incidents: KeptIncidents;
  readonly senders: Readonly<Record<string, KeptSender>>;
  readonly maintenance: KeptMaintenance;
}

const severity = z.enum(["warning", "critical"]);
const ms = z.number();

const told = z.object({
  severity,
  state: z.string(),
  atMs: ms,
  isOver: z.boolean().optional(),
  isFlapping: z.boolean().optional(),
  messageId: z.string().optional(),
});

const incident = z.object({
  id: z.string(),
  key: z.string(),
  subject: z.string(),
  severity,
  state: z.string(),
  reason: z.string(),
  changedMs: ms,
  beganMs: ms,
  endedMs: ms.optional(),
  isUnwatched: z.boolean().optional(),
  isHeld: z.boolean(),
  times: z.number().optional(),
  behind: z.object({ count: z.number(), names: z.array(z.string()) }),
  told: z.record(z.string(), told),
});

const begun = z.object({
  services: z.array(z.string()),
  except: z.array(z.string()),
  fromMs: ms,
  untilMs: ms,
  reason: z.string().optional(),
});

const KEPT = z.object({
  version: z.literal(1),
  incidents: z.object({
    incidents: z.array(incident),
    begins: z.record(z.string(), z.array(ms)),
    dropped: z.number(),
  }),
  senders: z.record(
    z.string(),
    z.object({ failingSinceMs: ms.optional(), why: z.string().optional(), droppedTold: z.number().optional() }),
  ),
  maintenance: z.object({
    begun: z.array(begun),
    skips: z.array(z.object({ service: z.string(), untilMs: ms })),
  }),
});

export function keptText(kept: Kept): string {
  return JSON.stringify(kept);
}

/** @throws where it is not what `keptText` wrote */
export function parseKept(text: string): Kept {
  return KEPT.parse(JSON.parse(text)) as Kept;
}
