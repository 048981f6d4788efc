import type { Command } from "commander";
import { parseCount, TenkError } from "../base/mod.ts";
import { type HttpOptions, parseUrlList } from "../load/mod.ts";
import { contentOf, positive } from "./load-values.ts";
import { valueOption } from "./options.ts";

/** The options that say which URLs are asked for. */
export interface UrlWords {
  readonly urlsFromFile?: boolean;
  readonly randRegexUrl?: boolean;
  readonly maxRepeat?: number;
}

export function addUrlOptions(command: Command): Command {
  return command
    .option("--urls-from-file", "the URL is a file of them, one a line: [WEIGHT] [METHOD] URL")
    .option("--rand-regex-url", "the path is a regular expression, of which each request has a text")
    .addOption(valueOption("--max-repeat <n>", "how often * + and {n,} repeat at most", positive(parseCount)));
}

/**
 * Returns the URLs of the command line. Several are asked for as often as each other.
 *
 * @throws {TenkError} `usage`, `file-unreadable`
 */
export function urlOptionsOf(given: readonly string[], words: UrlWords): Pick<HttpOptions, "url" | "urls"> {
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
