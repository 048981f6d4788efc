/**
 * Stores the DNS queries of simulated days, and prints the bytes written and the final size.
 *
 *     bun test/store/simulate-queries.ts FOLDER DAYS QUERIES_A_DAY [FLUSH_SECONDS] [KEEP_DAYS]
 */
import { join } from "node:path";
import { QueriesFile } from "../../src/store/queries-file.ts";
import { QUERY_IDS_PER_MS, type QueryRow } from "../../src/store/types.ts";
import { DAY_MS, START_MS, sizeOf, written } from "./simulate.ts";

const LIMITS = { maxBytes: 64 * 2 ** 20 };

/** A house: twenty clients, a few hundred names again and again, and a few thousand that come up once or twice a day. */
export class HouseQueries {
  #seed = 12345;

  row(id: number): QueryRow {
    const name = Math.floor(20_000 ** this.#random());
    const isBlocked = name % 5 === 0;
    const isForwarded = !isBlocked && this.#random() < 0.4;
    return {
      id,
      name: `host${name % 977}.${"some-service-of-the-house".slice(0, 3 + (name % 20))}${name}.example`,
      client: `192.168.1.${10 + Math.floor(20 * this.#random())}`,
      type: [1, 1, 1, 28, 28, 65][Math.floor(6 * this.#random())]!,
      verdict: isBlocked ? 3 : isForwarded ? 5 : 4,
      rcode: this.#random() < 0.1 ? 3 : 0,
      transport: 0,
      isStale: false,
      latencyUs: isForwarded ? Math.floor(30_000 * this.#random()) : 0,
      upstream: isForwarded ? "tls://192.0.2.53" : null,
      lists: isBlocked ? "stevenblack,oisd" : null,
      labels: isBlocked ? 2 : 0,
      rule: null,
    };
  }

  /** The rows of a span, evenly. */
  rows(fromMs: number, toMs: number, count: number): QueryRow[] {
    const id = (index: number) => Math.floor((fromMs + (index * (toMs - fromMs)) / count) * QUERY_IDS_PER_MS);
    return Array.from({ length: count }, (_, index) => this.row(id(index)));
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

if (import.meta.main) {
  const [folder = "", days = "1", perDay = "60000", seconds = "300", keepDays = "7"] = process.argv.slice(2);
  const house = new HouseQueries();
  const file = new QueriesFile(join(folder, "queries.sqlite"));
  const flushMs = Number(seconds) * 1000;
  const amounts = [written()];
  let longestMs = 0;
  for (let day = 0; day < Number(days); day++) {
    let done = 0;
    for (let atMs = 0; atMs < DAY_MS; atMs += flushMs) {
      const until = Math.round((Number(perDay) * (atMs + flushMs)) / DAY_MS);
      const fromMs = START_MS + day * DAY_MS + atMs;
      const rows = house.rows(fromMs, fromMs + flushMs, until - done);
      done = until;
      const beginMs = performance.now();
      file.write(rows, { ...LIMITS, keepMs: Number(keepDays) * DAY_MS });
      longestMs = Math.max(longestMs, performance.now() - beginMs);
    }
    amounts.push(written());
  }
  const openBytes = sizeOf(folder);
  const beginMs = performance.now();
  const found = file.search({ fromId: 0, beforeId: Number.MAX_SAFE_INTEGER, limit: 100, name: "no-such-name" });
  const searchMs = Math.round(performance.now() - beginMs);
  const lastMs = START_MS + Number(days) * DAY_MS;
  const hoursAtMs = performance.now();
  const hours = file.hours(lastMs - DAY_MS, 3).length;
  const hoursMs = Math.round(performance.now() - hoursAtMs);
  file.close();
  const perDayBytes = amounts.slice(1).map(({ disk, calls }, day) => ({
    diskBytes: disk - amounts[day]!.disk,
    writeCallBytes: calls - amounts[day]!.calls,
  }));
  const longestWriteMs = Math.round(longestMs);
  const closedBytes = sizeOf(folder);
  const more = found.nextId !== undefined;
  console.log(
    JSON.stringify({ perDay: perDayBytes, openBytes, closedBytes, longestWriteMs, searchMs, more, hours, hoursMs }),
  );
}
