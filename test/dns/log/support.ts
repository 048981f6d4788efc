import { LogRing, LogVerdict, Transport } from "../../../src/dns/log/mod.ts";
import { QueryLog, type QueryLogOptions } from "../../../src/dns/log/query-log.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { parseIp } from "../../../src/wire/mod.ts";

/** Some noon. */
export const NOW_MS = Date.UTC(2026, 10, 30, 12);

/** Limits that nothing here reaches. */
export const LIMITS = { keepMs: 7 * 86_400_000, maxBytes: 1 << 24 };
/** What the numbers in entries mean. */
export const NAMES = {
  lists: (mask: number) => ["rules", "stevenblack", "oisd"].filter((_, bit) => (mask >> bit) & 1),
  rule: (file: number, line: number) => `||rule-${file}-${line}^`,
  upstream: (index: number) => ["tls://192.0.2.1", "tls://192.0.2.2"][index],
};

export interface PushedQuery {
  readonly verdict?: LogVerdict;
  readonly atMs?: number;
  readonly client?: string;
  readonly upstream?: number;
  readonly lists?: number;
  readonly labels?: number;
  readonly rule?: { readonly file: number; readonly line: number };
}

/** A log of two threads and the main one, whose rings a test fills. */
export function newLog(options: Partial<QueryLogOptions> = {}) {
  const log = new QueryLog({ threads: 2, seed: 5, ...options });
  const rings = [log.ring, ...log.threadRings.map((buffer) => new LogRing(buffer))];
  return {
    log,
    push(ring: number, name: string, query: PushedQuery = {}): void {
      const { verdict = LogVerdict.cached, atMs = NOW_MS, client = "192.168.1.7", upstream = -1 } = query;
      const { lists = 0, labels = 0, rule } = query;
      const bytes = parseIp(client)!;
      const ip = bytes.length === 16 ? bytes : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
      const decided = { lists, labels, rule: rule && { placed: rule } };
      const wire = parseName(name)!;
      rings[ring]!.push(verdict, Transport.udp, wire, 0, 1, 0, false, decided, upstream + 1, 0, atMs, ip);
    },
    names() {
      log.drain();
      const names = [];
      for (let number = log.entries.first; number < log.entries.count; number++) names.push(log.entry(number).name);
      return names;
    },
    [Symbol.dispose]: () => log.stop(),
  };
}
