/** A time as clocks of a zone show it. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Converts between instants (ms since 1970) and the clocks of a time zone. */
export class LocalTime {
  readonly #format: Intl.DateTimeFormat;

  /**
   * @param zone such as `Europe/Berlin` @default the machine's
   * @throws {RangeError} for an unknown zone
   */
  constructor(zone?: string) {
    const digits = "2-digit" as const;
    const fields = { year: "numeric", month: digits, day: digits, hour: digits, minute: digits } as const;
    this.#format = new Intl.DateTimeFormat("en-GB", { ...fields, hourCycle: "h23", timeZone: zone });
  }

  at(ms: number): WallTime {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(ms)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return { year, month, day, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(), hour, minute };
  }

  /**
   * Returns the instant of a time of day. Where clocks are set back, a time comes twice: `which` of them. Where they are set forward, a time
   * that they leave out is the one that they show instead: 02:30 is 03:30.
   *
   * @param day may be outside of its month: 0 is the last one of the month before
   * @param minutes since midnight
   */
  toMs(year: number, month: number, day: number, minutes: number, which: "first" | "last"): number {
    const asUtc = Date.UTC(year, month - 1, day) + minutes * MINUTE_MS;
    const before = asUtc - this.#offsetMs(asUtc - DAY_MS);
    const after = asUtc - this.#offsetMs(asUtc + DAY_MS);
    const shown = [before, after].filter((each) => each + this.#offsetMs(each) === asUtc);
    if (shown.length === 0) return before;
    return which === "first" ? Math.min(...shown) : Math.max(...shown);
  }

  /** `22:14`, or `Nov 29 22:14` where that was on another day than `nowMs`. */
  text(ms: number, nowMs: number): string {
    const then = this.at(ms);
    const clock = `${String(then.hour).padStart(2, "0")}:${String(then.minute).padStart(2, "0")}`;
    return isSameDay(then, this.at(nowMs)) ? clock : `${MONTHS[then.month - 1]} ${then.day} ${clock}`;
  }

  /** `22:14–22:24`; `Nov 29 22:14–22:24`; `Nov 29 22:14–Nov 30 01:00`. */
  span(fromMs: number, toMs: number, nowMs: number): string {
    const sameDay = isSameDay(this.at(fromMs), this.at(toMs));
    return `${this.text(fromMs, nowMs)}–${this.text(toMs, sameDay ? toMs : nowMs)}`;
  }

  /** How far its clocks are ahead of UTC. */
  #offsetMs(ms: number): number {
    const { year, month, day, hour, minute } = this.at(ms);
    return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  }
}

function isSameDay(one: WallTime, other: WallTime): boolean {
  return one.year === other.year && one.month === other.month && one.day === other.day;
}
