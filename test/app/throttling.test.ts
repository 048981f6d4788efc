import { describe, expect, test } from "bun:test";
import { throttlingStatus } from "../../src/app/monitoring/throttling.ts";
import { parseThrottled } from "../../src/metrics/host/raspberry.ts";
import { hasNamespaces, namespacedTenk } from "../metrics/namespaced.ts";

test.each([
  ["50005", "under-voltage now, throttled now, both since boot", /power supply.*; cool/],
  ["10001", "under-voltage now and since boot", /^use the power supply[^;]*$/],
  ["f000f", "under-voltage now, frequency capped now, throttled now, soft temperature limit now, all since boot", /;/],
  ["50000", "under-voltage since boot, throttled since boot", /power supply.*; cool/],
  ["d0008", "under-voltage since boot, throttled since boot, soft temperature limit now and since boot", /;/],
  ["80000", "soft temperature limit since boot", /^cool/],
  ["0", "", /^$/],
])("the firmware's %s is: %s", (word, text, fix) => {
  const status = throttlingStatus(parseThrottled(word));
  expect(status?.text).toBe(text);
  expect(status?.fix).toMatch(fix);
});

test("a kernel without history reports only the present; another board nothing", () => {
  const alarm = throttlingStatus([{ cause: "under-voltage", isNow: true, hasBeen: undefined }]);
  expect(alarm).toMatchObject({ now: ["under-voltage"], sinceBoot: [], text: "under-voltage now" });
  expect(throttlingStatus(undefined)).toBeNull();
});

describe.if(hasNamespaces(["--mount"]))("a board's firmware", () => {
  test("is shown by /api/status and tenk status, with the fix", async () => {
    await using tenk = await namespacedTenk(
      ["--mount"],
      `mount -t tmpfs tmpfs /sys/devices/platform && mkdir -p /sys/devices/platform/soc/soc:firmware
       echo 50005 > /sys/devices/platform/soc/soc:firmware/get_throttled`,
    );
    const { host } = await tenk.statusWhen(({ host }) => host.throttling !== null);
    expect(host.throttling).toMatchObject({
      now: ["under-voltage", "throttled"],
      sinceBoot: ["under-voltage", "throttled"],
      text: "under-voltage now, throttled now, both since boot",
    });
    const text = tenk.statusText();
    expect(text).toMatch(/^warning {2}under-voltage now, throttled now, both since boot$/m);
    expect(text).toMatch(/^fix {6}use the power supply .*; cool the processor/m);
  }, 30_000);
});
