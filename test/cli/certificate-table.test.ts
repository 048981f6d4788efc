import { expect, test } from "bun:test";
import type { Status } from "../../src/app/mod.ts";
import { certificateTable } from "../../src/cli/certificate-table.ts";
import { tableText } from "../../src/cli/status-text.ts";
import { paintsFor } from "../../src/cli/terminal.ts";

const DAY_MS = 86_400_000;
const row = (more: Partial<Status["certificates"][number]>): Status["certificates"][number] => ({
  names: ["git.home.arpa"],
  issuer: "local",
  state: "valid",
  notAfterMs: 29 * DAY_MS,
  daysLeft: 29,
  nextRenewalMs: 19 * DAY_MS,
  isStored: true,
  lastError: undefined,
  ...more,
});

test("certificates are shown with their days, and what failed with what to do about it", () => {
  const lastError = {
    step: "http-01",
    message: "the CA could not connect",
    fix: "forward port 80",
    atMs: 0,
    failures: 1,
  };
  const pending = { names: ["git.example.org"], issuer: "acme", state: "pending" as const, daysLeft: undefined };
  const [table] = certificateTable([row({}), row({ ...pending, nextRenewalMs: undefined, lastError })], 0);
  const plain = paintsFor({ write: () => undefined }, {});
  expect(tableText(table!, plain, 80).split("\n")).toEqual([
    "certificate      issuer  valid for  renewed in",
    "git.home.arpa    local     29 days     19 days",
    "git.example.org  acme      pending",
  ]);
  expect(table!.notes).toEqual(["git.example.org: the CA could not connect\n  forward port 80"]);
});

test("without a certificate there is no table", () => {
  expect(certificateTable([], 0)).toEqual([]);
});
