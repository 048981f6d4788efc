import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import type { HttpResponse } from "../../http/mod.ts";

const DECODERS = { gzip: gunzipSync, "x-gzip": gunzipSync, deflate: inflateSync, br: brotliDecompressSync, zstd: zstdDecompressSync }; // biome-ignore format: a table

/** What was read of a body. `wrong` says why its text is not known, or not all of it. */
export interface ReadBody {
  readonly text: string;
  readonly wrong?: string;
}

/** Returns a body as text; what is compressed although we asked for none is decompressed up to `maxBytes`. */
export function readBody({ body, fields, isCut }: HttpResponse, maxBytes: number): ReadBody {
  const limit = `${maxBytes / 1024} KiB`;
  const coding =
    fields
      .find(([name]) => name === "content-encoding")?.[1]
      .trim()
      .toLowerCase() ?? "identity";
  const cut = isCut ? { wrong: `only its first ${limit} were read, or what came in time` } : {};
  if (coding === "identity" || coding === "") return { text: textOf(body), ...cut };
  if (!Object.hasOwn(DECODERS, coding)) return { text: "", wrong: "its body has a coding that is not known" };
  if (isCut) return { text: "", wrong: `its body is compressed, and longer than ${limit}` };
  try {
    return { text: textOf(DECODERS[coding as keyof typeof DECODERS](body, { maxOutputLength: maxBytes })) };
  } catch {
    return { text: "", wrong: `its body cannot be decompressed, or is longer than ${limit} then` };
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
