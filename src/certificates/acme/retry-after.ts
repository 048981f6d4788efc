/**
 * Returns the milliseconds that a Retry-After asks for (RFC 9110 §10.2.3: seconds or a date), never negative; 0 where there is
 * none or it cannot be read.
 */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null || header.length > 64) return 0;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Only a date with letters: Date.parse also reads "-1" and "1.5".
  if (!/^[A-Za-z]{3,9},? /.test(text)) return 0;
  const ms = Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
