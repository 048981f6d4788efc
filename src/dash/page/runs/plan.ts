import type { PlanWriter } from "../../run-plan.ts";
import { bytes, compact, duration, grouped, seconds } from "../format.ts";

/** Numbers of a plan as the page writes them. */
export const WRITER: PlanWriter = {
  count: grouped,
  perSecond: (value) => `${compact(value)}/s`,
  duration: (ms) => (ms < 1000 ? seconds(ms / 1000) : duration(ms)),
  bytes,
};
