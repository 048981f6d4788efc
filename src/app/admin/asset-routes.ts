import { createHash } from "node:crypto";
import { brotliCompressSync, constants } from "node:zlib";
import { chooseEncoding } from "./accept.ts";
import type { RequestContext, Route } from "./request-context.ts";
import { errorResponse, respond } from "./response.ts";

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly gzip: Uint8Array;
  /** Its path contains a hash of its content. */
  readonly isForever: boolean;
}

interface CompressedAsset extends Asset {
  readonly tag: string;
  readonly brotli: Uint8Array;
}

export type Assets = () => Promise<ReadonlyMap<string, Asset>>;

/** Serves the page's files. They are built at the first request; each is compressed once and kept. */
export function assetRoutes(assets: Assets): (path: string) => Route {
  const compressed = new Map<string, CompressedAsset>();
  async function find(path: string): Promise<CompressedAsset | undefined> {
    const known = compressed.get(path);
    const asset = known ?? (await assets()).get(path);
    if (known !== undefined || asset === undefined) return known;
    const made = compress(asset);
    compressed.set(path, made);
    return made;
  }
  return (path) => ({
    async get(context) {
      const asset = await find(path);
      return asset === undefined
        ? errorResponse(404, `nothing is at ${path.slice(0, 100)}`)
        : assetResponse(asset, context);
    },
  });
}

function compress(asset: Asset): CompressedAsset {
  const tag = `"${createHash("sha256").update(asset.bytes).digest("base64url").slice(0, 22)}"`;
  const brotli = brotliCompressSync(asset.bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return { ...asset, tag, brotli };
}

/** A file whose name has no content hash is revalidated each time, since an update may change it. */
function assetResponse(
  { type, bytes, gzip, brotli, tag, isForever }: CompressedAsset,
  { request }: RequestContext,
): Response {
  const kept = isForever ? "private, max-age=31536000, immutable" : "no-cache";
  const caching = { "cache-control": kept, etag: tag, vary: "accept-encoding" };
  const known = (request.headers.get("if-none-match") ?? "").split(",").map((each) => each.trim().replace(/^W\//, ""));
  if (known.includes(tag)) return respond(304, "", null, caching);
  const coding = chooseEncoding(request.headers.get("accept-encoding") ?? "", ["br", "gzip"]);
  const body = coding === "br" ? brotli : coding === "gzip" ? gzip : bytes;
  const more = coding === undefined ? caching : { ...caching, "content-encoding": coding };
  return respond(200, type, body as Uint8Array<ArrayBuffer>, more);
}
