import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { logOf, parseCount, TenkError } from "../base/mod.ts";
import { type HttpOptions, parseHar, parseUrlList } from "../load/mod.ts";
import { contentOf, positive } from "./load-values.ts";
import { valueOption } from "./options.ts";

/** The options that say which URLs are asked for. */
export interface UrlWords {
  readonly urlsFromFile?: boolean;
  readonly randRegexUrl?: boolean;
  readonly maxRepeat?: number;
  readonly har?: string;
  readonly harCookies?: boolean;
  readonly cookies?: boolean;
  readonly script?: string;
}

export function addUrlOptions(command: Command): Command {
  return command
    .option("--urls-from-file", "the URL is a file of them, one a line: [WEIGHT] [METHOD] URL")
    .option("--rand-regex-url", "the path is a regular expression, of which each request has a text")
    .addOption(valueOption("--max-repeat <n>", "how often * + and {n,} repeat at most", positive(parseCount)))
    .addOption(
      valueOption("--har <file>", "send what a browser recorded of the URL's host, in its order", String).conflicts([
        "urlsFromFile",
        "randRegexUrl",
        "body",
        "bodyFile",
        "method",
      ]),
    )
    .addOption(
      valueOption(
        "-s, --script <file>",
        "a module that makes requests and sees answers; words behind the URL are its own",
        String,
      ).conflicts(["urlsFromFile", "randRegexUrl", "har"]),
    )
    .option("--har-cookies", "send the cookies that it recorded, too")
    .addOption(new Option("--cookies", "keep the cookies that each connection is given").conflicts("harCookies"));
}

/**
 * Returns the URLs of the command line. Several are asked for as often as each other.
 *
 * @throws {TenkError} `usage`, `file-unreadable`
 */
export function urlOptionsOf(given: readonly string[], words: UrlWords): UrlOptions {
  const { har, harCookies = false, cookies = false, script } = words;
  const kept = cookies ? { cookies } : {};
  if (script !== undefined)
    return { url: given[0] ?? "", script: { file: resolve(script), args: given.slice(1) }, ...kept };
  if (har !== undefined) return { ...recordingOf(given, har, harCookies), ...kept };
  if (harCookies) throw new TenkError("usage", "--har-cookies needs --har");
  return { ...urlsOf(given, words), ...kept };
}

type UrlOptions = Pick<HttpOptions, "url" | "urls" | "randomUrl" | "maxRepeats" | "recording" | "cookies" | "script">;

function recordingOf([url = "", ...more]: readonly string[], file: string, withCookies: boolean): UrlOptions {
  if (more.length > 0) throw new TenkError("usage", "--har takes one URL, that of the host");
  if (!URL.canParse(url)) throw new TenkError("usage", `"${url}" is not an HTTP URL`);
  const { requests, skipped } = parseHar(contentOf(file), { origin: new URL(url).origin, file, withCookies });
  for (const [why, count] of Object.entries(skipped)) logOf("load").info("HAR entries skipped", { count, why });
  return { url, recording: requests };
}

function urlsOf(given: readonly string[], words: UrlWords): UrlOptions {
  const { urlsFromFile = false, randRegexUrl = false, maxRepeat } = words;
  const [first = "", ...more] = given;
  if (urlsFromFile && more.length > 0) {
    throw new TenkError("usage", `--urls-from-file takes one file, not ${given.length}`);
  }
  const urls = urlsFromFile ? parseUrlList(contentOf(first), first) : given.map((url) => ({ url }));
  return {
    url: urls[0]!.url,
    ...(urls.length > 1 ? { urls } : {}),
    ...(randRegexUrl ? { randomUrl: true } : {}),
    ...(maxRepeat === undefined ? {} : { maxRepeats: maxRepeat }),
  };
}
