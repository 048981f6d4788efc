import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { type Log, messageOf, withHint } from "../../base/mod.ts";
import type { Listeners } from "./listeners.ts";

export interface ModuleWatch {
  /** Looks which files are to be watched now. */
  look(): void;
  close(): void;
}

/** An editor writes a file in several steps, and several files at once. */
const SETTLED_MS = 50;

/**
 * Loads handlers' files again when they, or what they import, are saved. Folders are watched and not files: editors replace
 * a file by another of its name. What is no better than before is logged, in its author's lines, and the old one serves on.
 */
export function watchModules(listeners: Listeners, log: Log): ModuleWatch {
  const watchers = new Map<string, FSWatcher>();
  let names = new Set<string>();
  /** By listener. A version that could not be loaded may wait for a file that it does not have yet. */
  let failures = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function isOfInterest(file: string): boolean {
    return names.has(file) || (failures.size > 0 && /\.([cm]?[jt]sx?|json)$/.test(file));
  }

  function look(): void {
    const files = listeners.running.flatMap((each) => each.files);
    names = new Set(files);
    const folders = new Set(files.map(dirname));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) if (!watchers.has(folder)) watchFolder(folder);
  }

  function watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, (_, name) => {
        if (name !== null && !isOfInterest(`${folder}/${basename(name)}`)) return;
        clearTimeout(timer);
        timer = setTimeout(() => void refresh(), SETTLED_MS);
      });
      watcher.on("error", (error) => log.warn("cannot watch", { folder, error: messageOf(error) }));
      watchers.set(folder, watcher);
    } catch (error) {
      log.warn("cannot watch", { folder, error: messageOf(error) });
    }
  }

  async function refresh(): Promise<void> {
    const before = failures;
    failures = new Map();
    for (const { name, file } of listeners.running) {
      if (file === undefined) continue;
      try {
        const isNew = await listeners.refresh(name);
        if (before.has(name) && !isNew) log.info("handler is again as it is served", { name });
      } catch (error) {
        const failed = `handler of ${name} not reloaded, the one before serves on\n${withHint(error)}`;
        failures.set(name, failed);
        if (failed !== before.get(name)) log.error(failed);
      }
    }
    look();
  }

  look();
  return {
    look,
    close() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
