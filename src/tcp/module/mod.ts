import { sourceUrl } from "../../base/mod.ts";
import type { DumpOptions } from "../dump/mod.ts";

/** The address of the handler at `url` with what goes through it printed. */
export function dumpedUrl(url: URL, options: Omit<DumpOptions, "print" | "now">): URL {
  const dumped = new URL(sourceUrl("tcp/module/dumped.ts"));
  dumped.searchParams.set("of", url.href);
  dumped.searchParams.set("dump", JSON.stringify(options));
  return dumped;
}
