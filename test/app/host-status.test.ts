import { afterEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { parseConfig, up } from "../../src/app/mod.ts";
import { keptLog } from "./admin/support.ts";

let instance: Awaited<ReturnType<typeof up>>;
afterEach(() => instance.stop(0));

/** What df(1) says of the root file system: bytes, bytes, percent. */
function df(): readonly number[] {
  const { stdout } = spawnSync("df", ["--block-size=1", "--output=used,avail,pcent", "/"], { encoding: "utf8" });
  return (stdout.split("\n")[1] ?? "")
    .trim()
    .split(/[\s%]+/)
    .slice(0, 3)
    .map(Number);
}

test("the root disk is as full as df says", async () => {
  instance = await up(parseConfig('dashboard: { listen: "127.0.0.1:0" }', "tenk.yaml"), { log: keptLog() });
  const same = async () => {
    const before = df();
    const { rootUsedBytes, rootAvailableBytes, rootUsedPercent } = (await instance.status()).host;
    expect(before).toHaveLength(3);
    // Others write to this disk: a second may lie between the two.
    const isNear = (ours: number | null, theirs = Number.NaN) => Math.abs((ours ?? Number.NaN) - theirs) < 2 ** 26;
    return isNear(rootUsedBytes, before[0]) && isNear(rootAvailableBytes, before[1]) && rootUsedPercent === before[2];
  };
  const deadline = performance.now() + 8000;
  while (!(await same())) {
    expect(performance.now()).toBeLessThan(deadline);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
