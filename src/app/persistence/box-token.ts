import { networkInterfaces } from "node:os";
import { isPortOurs } from "../../part/mod.ts";
import { findToken } from "../admin/mod.ts";
import { jsonOf } from "./box-request.ts";

/** A box, as a load test was told of it. */
export interface BoxAddress {
  /** Ends with `/`. */
  readonly url: URL;
  /** A person named it; else it is where a box usually is. */
  readonly isNamed: boolean;
}

/** How to change something at a box, and where that box keeps things. */
export interface BoxAccess {
  readonly url: URL;
  readonly token: string;
  /** undefined where it does not say. */
  readonly dataFolder: string | undefined;
}

/**
 * The token of a box. One of this user on this machine tells where its folder is, and the file there is this user's alone: so a
 * box is asked whatever its folder, and no other user's box is told anything. A box elsewhere, or another user's, takes
 * `TENK_TOKEN`, which only a box that a person named is sent.
 *
 * @param usualFolder where the token is if the box does not say
 * @returns why there is none, as people read it, where there is none
 */
export async function boxAccess(
  { url, isNamed }: BoxAddress,
  usualFolder: string,
  environmentToken: string | undefined,
): Promise<BoxAccess | string> {
  if (url.protocol === "http:" && isHere(url.hostname) && (await isPortOurs(Number(url.port) || 80))) {
    const dataFolder = await folderOf(url);
    const isUsual = dataFolder === undefined && !(isNamed && environmentToken !== undefined);
    const token = isUsual ? findToken(usualFolder) : dataFolder && findToken(dataFolder);
    if (token !== undefined) return { url, token, dataFolder: dataFolder ?? usualFolder };
  }
  if (isNamed && environmentToken !== undefined) return { url, token: environmentToken, dataFolder: undefined };
  return "its token is not in a file of yours, nor in the environment as TENK_TOKEN";
}

/** A box tells its folder to who asks from loopback; one that was named by another address of this machine is asked there too. */
async function folderOf(url: URL): Promise<string | undefined> {
  const loopback = new URL(url);
  loopback.hostname = "127.0.0.1";
  for (const each of isLoopback(url.hostname) ? [url] : [url, loopback]) {
    const { value } = await jsonOf(new URL("api/instance", each), {});
    const { dataFolder } = (value ?? {}) as { readonly dataFolder?: unknown };
    if (typeof dataFolder === "string") return dataFolder;
  }
  return undefined;
}

function isHere(hostname: string): boolean {
  if (isLoopback(hostname)) return true;
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  return Object.values(networkInterfaces()).some((each) => each?.some((own) => own.address === address));
}

function isLoopback(hostname: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(hostname);
}
