import { join } from "node:path";
import { type Log, occasionally } from "../base/mod.ts";
import { HistoryFile } from "./history-file.ts";
import { FAILED, Keeper } from "./keeper.ts";
import type { Ask, StoreSettings } from "./messages.ts";
import { RunsFile } from "./runs-file.ts";

const DAY_MS = 86_400_000;

/** Both files of a folder, and the answers to everything that can be asked of them. */
export class Files {
  readonly #history: Keeper<HistoryFile>;
  readonly #runs: Keeper<RunsFile>;

  constructor(settings: StoreSettings, log: Log, clocks = { elapsedMs: () => performance.now(), nowMs: Date.now }) {
    const { folder, retryMs, maxRetryMs, runLimits } = settings;
    const shared = { log, retryMs, maxRetryMs, ...clocks };
    const path = (name: string) => join(folder, `${name}.sqlite`);
    const sayFull = occasionally(() => log.warn("history has too many series, new ones are not written"), DAY_MS);
    const openHistory = (at: string) => new HistoryFile(at, true, sayFull);
    const openRuns = (at: string) => new RunsFile(at, runLimits);
    this.#history = new Keeper({ ...shared, what: "history", path: path("history"), open: openHistory });
    this.#runs = new Keeper({ ...shared, what: "runs", path: path("runs"), open: openRuns });
  }

  answer(ask: Ask): unknown {
    switch (ask.kind) {
      case "open":
        return this.#history.change(() => true, true) !== FAILED;
      case "write":
        return this.#history.change((file) => file.write(ask.blocks), ask.insist) !== FAILED;
      case "read":
        return orElse(
          [],
          this.#history.read((file) => file.read(ask.query)),
        );
      case "names":
        return orElse(
          [],
          this.#history.read((file) => file.names()),
        );
      case "addRun":
        return orElse(
          undefined,
          this.#runs.change((file) => file.add(ask.run), true),
        );
      case "listRuns":
        return orElse(
          [],
          this.#runs.read((file) => file.list(ask.limit)),
        );
      case "getRun":
        return orElse(
          undefined,
          this.#runs.read((file) => file.get(ask.run)),
        );
      case "removeRun":
        return orElse(
          false,
          this.#runs.change((file) => file.remove(ask.run), true),
        );
      case "close":
        this.#history.close();
        this.#runs.close();
    }
  }
}

function orElse<Value, Other>(other: Other, value: Value | typeof FAILED): Value | Other {
  return value === FAILED ? other : value;
}
