import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { systemCodeOf, TenkError } from "../base/mod.ts";
import type { LoadPlan } from "./plan/mod.ts";

/** Looks the target's name up; undefined where it is an address or a path. @throws {TenkError} `name-not-found` */
export async function addressesOf({ host, path }: LoadPlan): Promise<readonly string[] | undefined> {
  if (path !== undefined || isIP(host)) return undefined;
  try {
    const found = await lookup(host, { all: true, order: "verbatim" });
    return found.map(({ address }) => address);
  } catch (cause) {
    const isSilent = systemCodeOf(cause) === "EAI_AGAIN";
    const why = isSilent ? "the name servers did not answer" : "the name has no address";
    throw new TenkError("name-not-found", `Cannot connect to ${host}: ${why}`, { cause });
  }
}
