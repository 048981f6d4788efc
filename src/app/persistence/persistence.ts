import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../../base/mod.ts";
import { History } from "../../metrics/mod.ts";
import { Store } from "../../store/mod.ts";
import { newToken, openToken, SessionFile } from "../admin/mod.ts";
import type { LoadedConfig } from "../config/mod.ts";
import { dataFolderOf } from "./data-folder.ts";
import { Runs } from "./runs.ts";

/** What an instance keeps, on disk or in memory. */
export interface Persistence {
  readonly history: History;
  readonly runs: Runs;
  /** The data folder; undefined when everything is in memory. */
  readonly folder: string | undefined;
  readonly token: string;
  /** The token was made just now. */
  readonly isNewToken: boolean;
  /** Undefined when the token is in memory only. */
  readonly tokenFile: string | undefined;
  /** Undefined when sessions are in memory only. */
  readonly sessionFile: SessionFile | undefined;
  /** Starts, stops and reloads; undefined when they are in memory only. */
  readonly markFile: string | undefined;
  /** Writes what is still in memory, and leaves the folder to another process until `thaw`. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Writes what is still in memory. */
  stop(): Promise<void>;
}

const OPEN_TIMEOUT_MS = 3000;
const NO_FILES = { tokenFile: undefined, sessionFile: undefined, markFile: undefined };

/** Returns the database in the data folder; undefined where nothing is kept. Its thread starts with the first request. */
export function openStore(loaded: LoadedConfig, usual: string | undefined): Store | undefined {
  const folder = dataFolderOf(loaded, usual);
  return folder === undefined || !loaded.config.data.history ? undefined : new Store({ folder });
}

/**
 * Opens the data folder. A failure does not keep the instance from starting: everything is then in memory, and a warning is logged.
 *
 * @param usual the folder when the configuration names none; undefined keeps everything in memory
 * @param store as `openStore` returned it; stopped with the rest
 * @param keepsHistory false keeps the history in memory, and only load tests on disk, which several instances can share
 */
export async function openPersistence(
  loaded: LoadedConfig,
  usual: string | undefined,
  log: Log,
  keepsHistory: boolean = true,
  store: Store | undefined = openStore(loaded, usual),
): Promise<Persistence> {
  const folder = dataFolderOf(loaded, usual);
  if (folder === undefined) return { ...inMemory(), folder, token: newToken(), isNewToken: true, ...NO_FILES };
  const { text: token, isNew: isNewToken, file: tokenFile } = openToken(folder, log);
  // An instance without history (of `tenk demo`) leaves the sessions to the one that owns the folder.
  const ownsFolder = tokenFile !== undefined && keepsHistory;
  const sessionFile = ownsFolder ? new SessionFile(join(dirname(tokenFile), "sessions"), log) : undefined;
  const markFile = ownsFolder && store !== undefined ? join(dirname(tokenFile), "marks") : undefined;
  const files = { tokenFile, sessionFile, markFile };
  if (store === undefined) {
    return { ...inMemory(), folder, token, isNewToken, ...files };
  }
  // Opened before connections come, while descriptors are free. A disk that hangs must not keep tenk from starting.
  async function open(): Promise<void> {
    const opened = keepsHistory ? store!.open() : store!.runs.list(1);
    await Promise.race([opened, wait(OPEN_TIMEOUT_MS, undefined, { ref: false })]);
  }
  await open();
  const history = keepsHistory ? new History({ disk: store }) : new History();
  return {
    history,
    runs: new Runs(store),
    folder,
    token,
    isNewToken,
    ...files,
    async freeze() {
      await history.flush();
      await store.freeze();
    },
    async thaw() {
      store.thaw();
      await open();
    },
    async stop() {
      await history.flush();
      await store.stop();
    },
  };
}

function inMemory(): Pick<Persistence, "history" | "runs" | "freeze" | "thaw" | "stop"> {
  const nothing = async () => undefined;
  return { history: new History(), runs: new Runs(undefined), freeze: nothing, thaw: nothing, stop: nothing };
}
