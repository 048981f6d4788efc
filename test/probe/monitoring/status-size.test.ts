import { expect, test } from "bun:test";
import type { Service } from "../../../src/part/mod.ts";
import { ProbeHistory } from "../../../src/probe/history/mod.ts";
import { probeView, type ShownService } from "../../../src/probe/monitoring/mod.ts";
import { ProbedService } from "../../../src/probe/schedule/mod.ts";
import { keptLog } from "../../store/support.ts";

/** Another box reads no larger status: `boxes/`. */
const MAX_BYTES = 2 ** 20;

/** 200 services with 90 days of history. @param isBad whether something was amiss on a day of a service */
function statusOf(isBad: (day: number, at: number) => boolean) {
  const history = new ProbeHistory();
  const today = history.today.day;
  const { log } = keptLog();
  const shown = Array.from({ length: 200 }, (_, at): ShownService => {
    const name = `service-${at}`;
    const { days } = history.record(name);
    for (let day = 0; day < 90; day++) {
      days.add(today - day, 0, 80_000_000);
      for (let time = 1; isBad(day, at) && time < 5; time++) days.add(today - day, time, 1_234_567 + day);
    }
    const probed = new ProbedService({ name, log, check: async () => ({ result: "up", facts: {} }) });
    const service = { name, target: `http://192.168.178.${at}:8080`, kind: "http", hosts: [`${name}.home.arpa`] };
    return { service: service as unknown as Service, probed };
  });
  return probeView(shown, history, { https: 443, http: 80 });
}

test.each([
  ["that were always up", 120_000, () => false],
  ["that each had a bad day every two weeks", 160_000, (day: number, at: number) => (day + at) % 15 === 0],
  ["whose days were all bad", 650_000, () => true],
])("the status of 200 services %s takes at most %d bytes", (_, bytes, isBad) => {
  const { services } = statusOf(isBad);
  expect(services.every(({ days }) => days.length === 90)).toBe(true);
  const size = JSON.stringify(services).length;
  expect(size).toBeLessThan(bytes);
  expect(size).toBeLessThan(MAX_BYTES);
});
