import { TenkError } from "../base/mod.ts";
import type { Handler } from "./types.ts";

/** The default export of a module, checked to be a handler. @throws {TenkError} `invalid-option` */
export async function loadHandler<Data>(href: string): Promise<Handler<Data>> {
  const module = (await import(href)) as { default?: unknown };
  if (typeof module.default === "object" && module.default !== null) return module.default as Handler<Data>;
  throw new TenkError("invalid-option", `Cannot use ${href} as a handler: its default export must be an object`, {
    hint: "export default { chunk(connection, bytes) { … } }",
  });
}
