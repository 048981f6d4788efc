import { expect, test } from "bun:test";
import { loadFamilies } from "../../src/app/push/load-families.ts";
import type { LoadSnapshot } from "../../src/load/mod.ts";
import { runAgainst, target } from "../load/servers.ts";

async function lastLatencies(replies: boolean): Promise<readonly { value: number }[]> {
  await using echo = await target((connection, bytes) => connection.write(bytes));
  let last: LoadSnapshot | undefined;
  const options = { ratePerConnection: 50, ...(replies ? { replies: { kind: "length", bytes: 4 } as const } : {}) };
  await runAgainst(echo, options, { onSnapshot: (snapshot) => (last = snapshot) });
  return loadFamilies(last!).find(({ name }) => name === "tenk_load_latency_seconds")!.samples;
}

test("a latency that was not measured has no sample, not a 0", async () => {
  expect(await lastLatencies(false)).toEqual([]);
  const measured = await lastLatencies(true);
  expect(measured).toHaveLength(5);
  for (const { value } of measured) expect(value).toBeGreaterThan(0);
});
