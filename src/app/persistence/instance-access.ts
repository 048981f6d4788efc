import { networkInterfaces } from "node:os";
import { isPortOurs } from "../../part/mod.ts";
import { findToken } from "../admin/mod.ts";
import { requestJson } from "./instance-request.ts";

/** Where an instance may run. */
export interface InstanceAddress {
  /** Ends with `/`. */
  readonly url: URL;
  /** A person named it; else it is the default address. */
  readonly isNamed: boolean;
}

/** The right to change something at an instance. */
export interface InstanceAccess {
  readonly url: URL;
  readonly token: string;
  /** Undefined when the instance does not tell. */
  readonly dataFolder: string | undefined;
}

/**
 * Finds the token of an instance. An instance of this user on this machine tells its data folder, whose token only this user can
 * read. For any other instance the token is `TENK_TOKEN`, which is sent only where a person named the instance.
 *
 * @param usualFolder has the token when the instance does not tell its folder
 * @returns the access, or the reason why there is none, as people read it
 */
export async function instanceAccess(
  { url, isNamed }: InstanceAddress,
  usualFolder: string,
  environmentToken: string | undefined,
): Promise<InstanceAccess | string> {
  if (url.protocol === "http:" && isHere(url.hostname) && (await isPortOurs(Number(url.port) || 80))) {
    const dataFolder = await folderOf(url);
    const isUsual = dataFolder === undefined && !(isNamed && environmentToken !== undefined);
    const token = isUsual ? findToken(usualFolder) : dataFolder && findToken(dataFolder);
    if (token !== undefined) return { url, token, dataFolder: dataFolder ?? usualFolder };
  }
  if (isNamed && environmentToken !== undefined) return { url, token: environmentToken, dataFolder: undefined };
  return "its token is not in a file of yours, nor in the environment as TENK_TOKEN";
}

/** An instance tells its folder to loopback only, so that one named by another address of this machine is asked there as well. */
async function folderOf(url: URL): Promise<string | undefined> {
  const loopback = new URL(url);
  loopback.hostname = "127.0.0.1";
  for (const each of isLoopback(url.hostname) ? [url] : [url, loopback]) {
    const { value } = await requestJson(new URL("api/instance", each), {});
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
