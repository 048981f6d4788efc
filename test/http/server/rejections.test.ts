import { afterEach, beforeEach, expect, test } from "bun:test";
import { resetSync } from "@logtape/logtape";
import { carryLog, flushOccasional, type LogEntry } from "../../../src/base/mod.ts";
import { Site, serve, talk } from "./support.ts";

let entries: LogEntry[] = [];
beforeEach(() => {
  entries = [];
  carryLog((entry) => entries.push(entry));
});
afterEach(() => resetSync());

test("what is rejected is logged with its reason, at a bounded rate, and all of it counted", async () => {
  const site = new Site();
  await using server = await serve(site, { headTimeoutMs: 50 });
  flushOccasional();
  entries = [];
  for (let count = 0; count < 20; count++) await talk(server.port, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  await talk(server.port, "GET / HTT");
  await talk(server.port, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx");
  flushOccasional();
  const ours = entries.filter(({ message }) => message === "request rejected");
  const counts: Record<string, number> = {};
  for (const { fields } of ours) {
    const key = `${fields.reason} ${fields.status} ${fields.address}`;
    counts[key] = (counts[key] ?? 0) + Number(fields.count);
  }
  expect(counts).toEqual({
    "bad-field-name 400 127.0.0.1": 20,
    "head-timeout 408 127.0.0.1": 1,
    "bad-chunk-size 400 127.0.0.1": 1,
  });
  expect(ours.length).toBeLessThan(10);
  expect(site.itself).toHaveLength(21);
});
