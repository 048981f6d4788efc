import { createHash } from "node:crypto";
import { brotliCompressSync, constants } from "node:zlib";
import { answer, refusal } from "./answer.ts";
import { chosenCoding } from "./quality.ts";
import type { Route, Visit } from "./visit.ts";

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly gzip: Uint8Array;
  /** Its path names its content. */
  readonly isForever: boolean;
}

interface Packed extends Asset {
  readonly tag: string;
  readonly brotli: Uint8Array;
}

export type Assets = () => Promise<ReadonlyMap<string, Asset>>;

/** The page's files, made when first asked for; each is packed once and kept. */
export function assetRoutes(assets: Assets): (path: string) => Route {
  const packed = new Map<string, Packed>();
  async function find(path: string): Promise<Packed | undefined> {
    const known = packed.get(path);
    const asset = known ?? (await assets()).get(path);
    if (known !== undefined || asset === undefined) return known;
    const made = pack(asset);
    packed.set(path, made);
    return made;
  }
  return (path) => ({
    async get(visit) {
      const asset = await find(path);
      return asset === undefined ? refusal(404, `nothing is at ${path.slice(0, 100)}`) : assetAnswer(asset, visit);
    },
  });
}

function pack(asset: Asset): Packed {
  const tag = `"${createHash("sha256").update(asset.bytes).digest("base64url").slice(0, 22)}"`;
  const brotli = brotliCompressSync(asset.bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return { ...asset, tag, brotli };
}

/** What is not named for its content is asked for anew each time: the same box may be another version tomorrow. */
function assetAnswer({ type, bytes, gzip, brotli, tag, isForever }: Packed, { request }: Visit): Response {
  const kept = isForever ? "private, max-age=31536000, immutable" : "no-cache";
  const caching = { "cache-control": kept, etag: tag, vary: "accept-encoding" };
  const known = (request.headers.get("if-none-match") ?? "").split(",").map((each) => each.trim().replace(/^W\//, ""));
  if (known.includes(tag)) return answer(304, "", null, caching);
  const coding = chosenCoding(request.headers.get("accept-encoding") ?? "", ["br", "gzip"]);
  const body = coding === "br" ? brotli : coding === "gzip" ? gzip : bytes;
  const more = coding === undefined ? caching : { ...caching, "content-encoding": coding };
  return answer(200, type, body as Uint8Array<ArrayBuffer>, more);
}
