import { TenkError } from "../../../base/mod.ts";
import { isFieldName } from "../../../wire/http1/mod.ts";
import type { WeightedUrl } from "./requests-of.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads a list of URLs, one a line: `[WEIGHT] [METHOD] URL`. Empty lines and those that begin with `#` are left out.
 *
 * @param file names it in errors
 * @throws {TenkError} `usage`, with the line
 * @example
 * parseUrlList(new TextEncoder().encode("3 POST http://a.example/b"), "urls"); // [{ url: "http://a.example/b", method: "POST", weight: 3 }]
 */
export function parseUrlList(bytes: Uint8Array, file: string): WeightedUrl[] {
  if (bytes.length > MAX_BYTES)
    throw new TenkError("usage", `Cannot read ${file}: it has ${bytes.length} bytes, at most ${MAX_BYTES} are read`);
  const urls = new TextDecoder()
    .decode(bytes)
    .split("\n")
    .flatMap((line, index) => {
      const text = line.trim();
      return text === "" || text.startsWith("#") ? [] : [urlOf(text, `${file}:${index + 1}`)];
    });
  if (urls.length > 0) return urls;
  throw new TenkError("usage", `Cannot read ${file}: it has no URL`, { hint: "expected one a line: http://host/path" });
}

function urlOf(text: string, where: string): WeightedUrl {
  const [, weight, method, url] = /^(?:([\d.]+)\s+)?(?:([^\s:]+)\s+)?(https?:\/\/.*)$/i.exec(text) ?? [];
  const isRight =
    url !== undefined && (method === undefined || isFieldName(method)) && (weight === undefined || Number(weight) > 0);
  if (isRight)
    return {
      url,
      ...(method === undefined ? {} : { method }),
      ...(weight === undefined ? {} : { weight: Number(weight) }),
    };
  const shown = JSON.stringify(text.slice(0, 80));
  throw new TenkError("usage", `Cannot read ${where}: ${shown} is no URL`, {
    hint: "expected [WEIGHT] [METHOD] URL, such as: 3 GET http://127.0.0.1:8080/",
  });
}
