/** Times of day in the machine's zone, and schedules by them: pure. */
export { LocalTime } from "./local-time.ts";
export { parseSchedule, type Schedule, ScheduleClock, type Span, spanAt } from "./schedule.ts";
