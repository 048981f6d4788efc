import { expect, test } from "bun:test";
import { parseAddress } from "../../src/part/address.ts";
import { ownTarget } from "../../src/tcp/listeners/own-target.ts";

const MACHINE = ["127.0.0.1", "10.0.0.9", "::1", "fd00::9"];

test.each([
  ["5432", "127.0.0.1:5432", true],
  ["5432", "5432", true],
  ["5432", "127.0.0.2:5432", true],
  ["5432", "localhost:5432", true],
  ["5432", "10.0.0.9:5432", true],
  ["5432", "0.0.0.0:5432", true],
  ["5432", "[::1]:5432", false],
  ["5432", "10.0.0.5:5432", false],
  ["5432", "127.0.0.1:5433", false],
  ["5432", "db.home.arpa:5432", false],
  ["[::]:5432", "127.0.0.1:5432", true],
  ["[::]:5432", "[fd00::9]:5432", true],
  ["127.0.0.1:5432", "127.0.0.1:5432", true],
  ["127.0.0.1:5432", "localhost:5432", true],
  ["localhost:5432", "[::1]:5432", true],
  ["127.0.0.1:5432", "10.0.0.9:5432", false],
  ["10.0.0.9:5432", "127.0.0.1:5432", false],
  ["10.0.0.9:5432", "10.0.0.9:5432", true],
  ["db.home.arpa:5432", "DB.home.arpa:5432", true],
  ["0", "127.0.0.1:0", false],
  ["unix:/run/db", "unix:/run/db", true],
  ["unix:/run/db", "unix:/run/other", false],
  ["unix:@db", "unix:@db", true],
  ["5432", "unix:/run/db", false],
])("a relay on %s to %s leads back to itself: %p", (listen, target, isOwn) => {
  const found = ownTarget(parseAddress(listen, "0.0.0.0"), ["10.9.9.9:1", target], MACHINE);
  expect(found).toBe(isOwn ? target : undefined);
});
