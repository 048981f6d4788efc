/** Layer 0: small tools without I/O. Time and randomness are arguments. */
export { type CountLayout, countLayout } from "./count-layout.ts";
export { type ErrorCode, fileProblemOf, messageOf, systemCodeOf, TenkError, withHint } from "./errors.ts";
export { type EscapeOptions, escapeBytes } from "./escape-bytes.ts";
export { type Guide, type GuidePage, guidePage, linkTo, pageHeaders } from "./guide-page.ts";
export {
  carryLog,
  entryOf,
  flushOccasional,
  type Later,
  type Log,
  type LogEntry,
  type LogFields,
  logEntry,
  logOf,
  type Occasional,
  occasionally,
  occasionallyEach,
} from "./log.ts";
export { escapeMarkup } from "./markup.ts";
export { nearest } from "./nearest.ts";
export { isOneFile, sourceUrl } from "./source-location.ts";
export { type Buckets, TimeGrid } from "./time-grid.ts";
export {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  parseBandwidth,
  parseBytes,
  parseCount,
  parseDuration,
  parseRate,
} from "./units.ts";
export { Wheel } from "./wheel.ts";
export { type Defined, withoutUndefined } from "./without-undefined.ts";
