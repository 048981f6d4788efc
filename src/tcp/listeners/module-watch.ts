import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { type Log, messageOf, withHint } from "../../base/mod.ts";
import type { Listeners } from "./listeners.ts";

export interface ModuleWatch {
  /** Watches the files of the current handlers. */
  update(): void;
  close(): void;
}

/** Editors write a file in several steps, and several files at once. */
const DEBOUNCE_MS = 50;

/**
 * Loads handlers' files again when they, or files that they import, are saved. It watches folders, since editors replace a file
 * by another of its name. A version that cannot be loaded is logged, and the previous one stays in use.
 */
export function watchModules(listeners: Listeners, log: Log): ModuleWatch {
  const watchers = new Map<string, FSWatcher>();
  let names = new Set<string>();
  /** By listener. A version that failed to load may need a file that does not exist yet. */
  let failures = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function isRelevant(file: string): boolean {
    return names.has(file) || (failures.size > 0 && /\.([cm]?[jt]sx?|json)$/.test(file));
  }

  function update(): void {
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
        if (name !== null && !isRelevant(`${folder}/${basename(name)}`)) return;
        clearTimeout(timer);
        timer = setTimeout(() => void refresh(), DEBOUNCE_MS);
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
        if (before.has(name) && !isNew) log.info("handler is back to the version in use", { name });
      } catch (error) {
        const failed = `handler of ${name} not reloaded, the previous version stays in use\n${withHint(error)}`;
        failures.set(name, failed);
        if (failed !== before.get(name)) log.error(failed);
      }
    }
    update();
  }

  update();
  return {
    update,
    close() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
