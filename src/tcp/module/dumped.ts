import { type Handler, loadHandler } from "../../net/mod.ts";
import { type DumpOptions, dumping } from "../dump/mod.ts";

/**
 * A handler module around another, whose address and dump stand in its own (`dumpedUrl`): functions do not travel between
 * threads, and a handler that is replaced brings its dump with it.
 */
export default async function dumped(options: unknown, href: string): Promise<Handler> {
  const asked = new URL(href).searchParams;
  const inner = await loadHandler(asked.get("of") ?? "", options);
  return dumping(inner, JSON.parse(asked.get("dump") ?? "{}") as DumpOptions);
}
