import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../../base/mod.ts";
import { History } from "../../metrics/mod.ts";
import { Store } from "../../store/mod.ts";
import { newToken, openToken, SessionFile } from "../admin/mod.ts";
import type { LoadedConfig } from "../config/mod.ts";
import { dataFolderOf } from "./data-folder.ts";
import { Runs } from "./runs.ts";

/** What a box remembers, and where. */
export interface Records {
  readonly history: History;
  readonly runs: Runs;
  /** Where all of it is; undefined where there is no such place. */
  readonly folder: string | undefined;
  readonly token: string;
  /** The token was made just now. */
  readonly isNewToken: boolean;
  /** undefined where it is in memory only. */
  readonly tokenFile: string | undefined;
  /** Where sessions outlive the box; undefined: in memory only. */
  readonly sessionFile: SessionFile | undefined;
  /** Writes what memory has not written yet. */
  stop(): Promise<void>;
}

const OPEN_MS = 3000;

/**
 * Opens the data folder. What it cannot do is no reason not to start: the box then remembers as long as it runs, and says
 * so once.
 *
 * @param usual the folder where the configuration names none; undefined keeps everything in memory
 * @param keepsHistory false has the history in memory and load tests on disk, which any number of boxes may share
 */
export async function openRecords(
  loaded: LoadedConfig,
  usual: string | undefined,
  log: Log,
  keepsHistory: boolean = true,
): Promise<Records> {
  const folder = dataFolderOf(loaded, usual);
  if (folder === undefined)
    return { ...inMemory(), folder, token: newToken(), isNewToken: true, tokenFile: undefined, sessionFile: undefined };
  const { text: token, isNew: isNewToken, file: tokenFile } = openToken(folder, log);
  // A box of minutes leaves the file to the one whose folder it is.
  const isOurs = tokenFile !== undefined && keepsHistory;
  const sessionFile = isOurs ? new SessionFile(join(dirname(tokenFile), "sessions"), log) : undefined;
  if (!loaded.config.data.history) return { ...inMemory(), folder, token, isNewToken, tokenFile, sessionFile };
  const store = new Store({ folder });
  // Before connections come: afterwards there may be no descriptor left for it. A disk that hangs is not waited for.
  const opened = keepsHistory ? store.open() : store.runs.list(1);
  await Promise.race([opened, wait(OPEN_MS, undefined, { ref: false })]);
  const history = keepsHistory ? new History({ disk: store }) : new History();
  return {
    history,
    runs: new Runs(store),
    folder,
    token,
    isNewToken,
    tokenFile,
    sessionFile,
    async stop() {
      await history.flush();
      await store.stop();
    },
  };
}

function inMemory(): Pick<Records, "history" | "runs" | "stop"> {
  return { history: new History(), runs: new Runs(undefined), stop: async () => undefined };
}
