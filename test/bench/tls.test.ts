import { describe, expect, test } from "bun:test";
import { type TlsRound, tlsRemarks, tlsTable } from "../../bench/tls.ts";

describe("TLS", () => {
  const round = (ms: number, failed = 0): TlsRound => ({
    handshakes: { handshakes: 2000, failed, serverMs: ms },
    bulk: { bytes: 1e8, tookMs: 1000, serverMs: ms },
    idleBytesPerConnection: 5000,
  });
  const results = new Map([
    ["tenk", [round(400), round(400)]],
    ["vertx", [round(1600), round(800, 1)]],
  ]);

  test("is told by handshakes, memory and bytes", () => {
    expect(tlsTable(results).rows[0]).toEqual([
      ...["tenk", "5000", "200 (200-200)", "-", "0.38 x", "5000", "4.00 (4.00-4.00)", "0.38 x", "100"],
    ]);
    expect(tlsRemarks(results)).toEqual(["vertx: 1 handshakes failed"]);
  });
});
