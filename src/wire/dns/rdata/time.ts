/** Times of signatures (RFC 4034 §3.2): seconds since 1970 in 32 bits, as text `20261231235959` in UTC. */

export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/[-:T]|\..*/g, "");
}

/** Parses a time, or the seconds as a number; undefined for what is neither. */
export function parseTime(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text) <= 0xffffffff ? Number(text) : undefined;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  const seconds = Date.UTC(year!, month! - 1, day, hour, minute, second) / 1000;
  // A date that does not exist, such as February 30, becomes another one.
  return seconds >= 0 && seconds <= 0xffffffff && timeText(seconds) === text ? seconds : undefined;
}
