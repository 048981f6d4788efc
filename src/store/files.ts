import { join } from "node:path";
import { type Log, occasionally } from "../base/mod.ts";
import { DatabaseGuard, FAILED } from "./database-guard.ts";
import { HistoryFile } from "./history-file.ts";
import type { StoreRequest, StoreSettings } from "./messages.ts";
import { QueriesFile } from "./queries-file.ts";
import { RunsFile } from "./runs-file.ts";
import { ServicesFile } from "./services-file.ts";

const DAY_MS = 86_400_000;

/** The files of a folder; handles all requests to the store. */
export class Files {
  readonly #history: DatabaseGuard<HistoryFile>;
  readonly #runs: DatabaseGuard<RunsFile>;
  readonly #queries: DatabaseGuard<QueriesFile>;
  readonly #services: DatabaseGuard<ServicesFile>;

  constructor(settings: StoreSettings, log: Log, clocks = { elapsedMs: () => performance.now(), nowMs: Date.now }) {
    const { folder, retryMs, maxRetryMs, runLimits } = settings;
    const shared = { log, retryMs, maxRetryMs, ...clocks };
    const path = (name: string) => join(folder, `${name}.sqlite`);
    const logFull = occasionally(() => log.warn("history has too many series, new ones are not written"), DAY_MS);
    const openHistory = (at: string) => new HistoryFile(at, true, logFull);
    const openRuns = (at: string) => new RunsFile(at, runLimits);
    this.#history = new DatabaseGuard({ ...shared, what: "history", path: path("history"), open: openHistory });
    this.#runs = new DatabaseGuard({ ...shared, what: "runs", path: path("runs"), open: openRuns });
    const openQueries = (at: string) => new QueriesFile(at);
    this.#queries = new DatabaseGuard({ ...shared, what: "query log", path: path("queries"), open: openQueries });
    const openServices = (at: string) => new ServicesFile(at);
    this.#services = new DatabaseGuard({ ...shared, what: "services", path: path("services"), open: openServices });
  }

  handle(request: StoreRequest): unknown {
    switch (request.kind) {
      case "open":
        return this.#history.change(() => true, true) !== FAILED;
      case "write":
        return this.#history.change((file) => file.write(request.blocks), request.insist) !== FAILED;
      case "read":
        return orElse(
          [],
          this.#history.read((file) => file.read(request.query)),
        );
      case "names":
        return orElse(
          [],
          this.#history.read((file) => file.names()),
        );
      case "addRun":
        return orElse(
          undefined,
          this.#runs.change((file) => file.add(request.run), true),
        );
      case "listRuns":
        return orElse(
          [],
          this.#runs.read((file) => file.list(request.limit)),
        );
      case "getRun":
        return orElse(
          undefined,
          this.#runs.read((file) => file.get(request.run)),
        );
      case "removeRun":
        return orElse(
          false,
          this.#runs.change((file) => file.remove(request.run), true),
        );
      case "addQueries":
        return this.#queries.change((file) => file.write(request.rows, request.limits), request.insist) !== FAILED;
      case "searchQueries":
        return orElse(
          { rows: [], nextId: undefined },
          this.#queries.read((file) => file.search(request.search)),
        );
      case "queryHours":
        return orElse(
          [],
          this.#queries.read((file) => file.hours(request.fromMs, request.marked)),
        );
      case "clearQueries":
        return this.#queries.change((file) => file.clear(), true) !== FAILED;
      case "writeServices":
        return this.#services.change((file) => file.write(request.write), request.insist) !== FAILED;
      case "readServices":
        return orElse(
          undefined,
          this.#services.read((file) => file.read(request.maxChanges)),
        );
      case "close":
        this.#services.close();
        this.#queries.close();
        this.#history.close();
        this.#runs.close();
    }
  }
}

function orElse<Value, Other>(other: Other, value: Value | typeof FAILED): Value | Other {
  return value === FAILED ? other : value;
}
