import { gzipSync } from "node:zlib";
import type { Asset } from "./surface/mod.ts";
import { VERSION } from "./version.ts";

const PAGE = `tenk ${VERSION}

  /healthz     200 while up, 503 while stopping
  /metrics     Prometheus text
  /api/status  the same as JSON
`;

/** What is at `/` where there is no page. */
export async function plainPage(): Promise<ReadonlyMap<string, Asset>> {
  const bytes = Buffer.from(PAGE);
  return new Map([["/", { type: "text/plain; charset=utf-8", bytes, gzip: gzipSync(bytes), isForever: false }]]);
}
