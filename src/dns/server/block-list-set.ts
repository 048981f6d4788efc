import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileProblemOf, type Log, messageOf, TenkError } from "../../base/mod.ts";
import { BlockLists, type BuiltLists } from "../blocking/mod.ts";
import {
  type FetchOptions,
  LIST_FAILURES,
  type ListFailure,
  ListFolder,
  type ListState,
  ListUpdater,
  listUrl,
  localListPath,
} from "../lists/mod.ts";
import { type ListFile, PagesFullError } from "../pages/mod.ts";
import { type ClickedRule, type RuleAction, RulesFile } from "./clicked-rules.ts";
import { readSnapshot, snapshotKey, writeSnapshot } from "./lists-snapshot.ts";
import { writeRules } from "./rules-file.ts";
import { logUnusedRules } from "./unused-rules.ts";

/** Which lists there are. */
export interface ListSources {
  /** Known names, URLs, or `./file` below `folder`. */
  readonly blocklists: readonly string[];
  readonly allowlists: readonly string[];
  /** Lists that hold for some clients only. */
  readonly clientLists: readonly string[];
  /** Rules of the user's own, which come before all lists. */
  readonly rules: readonly string[];
  readonly folder: string;
  readonly refreshMs: number;
  readonly maxListBytes: number;
}

/** A list and how it fares. */
export interface ListView {
  /** As it is configured. */
  readonly name: string;
  readonly isAllowList: boolean;
  /** Its number: the bit in masks. */
  readonly list: number;
  readonly names: number;
  readonly rules: number;
  readonly invalid: number;
  /** Undefined for a file, and before the first attempt. */
  readonly state: ListState | undefined;
  /** When it was last compared with its server's, ms since 1970; undefined for a file, and before the first time. */
  readonly checkedMs: number | undefined;
}

/** Number of the list of the user's own rules. */
export const OWN_RULES = 0;
/** Lists have numbers from 1; a mask has 31 bits. */
export const MAX_LISTS = 30;

interface Source {
  readonly name: string;
  readonly list: number;
  readonly isAllowList: boolean;
  /** Undefined for a file of the user's. */
  readonly url: string | undefined;
}

/** Keeps all lists: fetches them, builds them in memory, and tells when there is something new. */
export class BlockListSet {
  readonly #lists: BlockLists;
  readonly #folder: ListFolder;
  readonly #isTemporary: boolean;
  readonly #clicked: RulesFile;
  readonly #lookup: BlockListSetOptions["lookup"];
  readonly #log: Log;
  readonly #changed: (built: BuiltLists) => void;
  #sources: ListSources;
  #updater: ListUpdater | undefined;
  /** Failures of former updaters. */
  #formerFailures = Object.fromEntries(LIST_FAILURES.map((kind) => [kind, 0])) as Record<ListFailure, number>;
  #built!: BuiltLists;
  #files: readonly (ListFile & { readonly name: string })[] = [];
  /** The lists are those of a snapshot: nothing has been built yet. */
  #isRestored = false;
  /** Of the files that are built. */
  #key = "";
  #isStopped = false;
  #isFrozen: boolean;

  private constructor(
    folder: ListFolder,
    isTemporary: boolean,
    { dataFolder, sources, maxBytes, lookup, log, changed, startsFrozen = false }: BlockListSetOptions,
  ) {
    this.#isFrozen = startsFrozen;
    this.#lookup = lookup;
    this.#folder = folder;
    this.#isTemporary = isTemporary;
    this.#clicked = new RulesFile(dataFolder ?? folder.path);
    this.#sources = sources;
    this.#log = log;
    this.#changed = changed;
    this.#lists = new BlockLists({ maxBytes });
  }

  /**
   * Builds the lists that are on the disk. `follow` fetches them.
   *
   * @throws {TenkError} `file-unreadable` where neither the data folder nor the one for temporary files can be written
   */
  static async open(options: BlockListSetOptions): Promise<BlockListSet> {
    const { log } = options;
    const { path, isTemporary } = await madeFolder(options);
    const folder = new ListFolder(path);
    await folder.open(options.startsFrozen);
    const set = new BlockListSet(folder, isTemporary, options);
    await set.#clicked.open().catch((error) => log.warn("rules of the page not kept", { problem: messageOf(error) }));
    set.#files = await set.#readFiles();
    const key = snapshotKey(set.#files);
    const snapshot = await readSnapshot(path, key);
    set.#isRestored = snapshot !== undefined;
    set.#built = snapshot === undefined ? set.#lists.buildNow(set.#files) : set.#lists.restore(snapshot);
    set.#key = key;
    if (snapshot === undefined) set.#keep(set.#built, key);
    logUnusedRules(set.#built, OWN_RULES, set.#log);
    return set;
  }

  get built(): BuiltLists {
    return this.#built;
  }

  /** Mask of the lists that hold for everybody, or of these instead of `blocklists`. */
  maskOf(lists: readonly string[] | undefined): number {
    const wanted = new Set(lists ?? this.#sources.blocklists);
    return sourcesOf(this.#sources)
      .filter(({ name, isAllowList }) => isAllowList || wanted.has(name))
      .reduce((mask, { list }) => mask | (1 << list), 1 << OWN_RULES);
  }

  /** Bytes of memory that names take. */
  get bytes(): number {
    return this.#lists.bytes;
  }

  /** Number of distinct names. */
  get names(): number {
    return this.#lists.countNames();
  }

  /** The lists, with what was read of each. */
  views(): ListView[] {
    return sourcesOf(this.#sources).map(({ name, list, isAllowList, url }) => {
      const index = this.#built.files.findIndex((file) => file.list === list);
      const summary = this.#built.summaries[index];
      const state = url === undefined ? undefined : this.#updater?.states.find((each) => each.url === url);
      const { names = 0, rules = 0, invalid = 0 } = summary ?? {};
      const checkedMs = url === undefined ? undefined : this.#folder.stored(url)?.checkedMs;
      return { name: withoutSecrets(name), isAllowList, list, names, rules, invalid, state, checkedMs };
    });
  }

  /** Failed fetches by kind, since the start. */
  get failures(): Readonly<Record<ListFailure, number>> {
    const failures = { ...this.#formerFailures };
    for (const kind of LIST_FAILURES) failures[kind] += this.#updater?.failures[kind] ?? 0;
    return failures;
  }

  /** Fetches all lists now. */
  async updateAll(): Promise<void> {
    await this.#updater?.updateAll();
  }

  /** The file of the rules that the page made. */
  get clickedPath(): string {
    return this.#clicked.path;
  }

  clickedLines(): Promise<string[]> {
    return this.#clicked.lines();
  }

  clickedRules(): Promise<ClickedRule[]> {
    return this.#clicked.rules();
  }

  /**
   * Has a name, and all below it, be allowed or blocked, from the next query on; or removes what was said of it.
   *
   * @throws {TenkError} it would have no effect, or cannot be written
   */
  async click(name: string, action: RuleAction | "remove"): Promise<void> {
    const today = new Date().toISOString().slice(0, 10);
    try {
      const changes = await this.#clicked.set(name, action, today);
      // A snapshot does not know which entries other rules switch off.
      if (this.#isRestored) await this.#rebuild();
      else for (const change of changes) this.#lists.change(change);
    } catch (error) {
      if (!(error instanceof PagesFullError)) throw error;
      await this.#rebuild();
    }
  }

  /** Reads files of the user's again, if one has changed. */
  async reread(): Promise<void> {
    const files = await this.#readFiles().catch(() => undefined);
    if (files === undefined || snapshotKey(files) !== this.#key) await this.#rebuild();
  }

  /** Takes over other sources; `changed` is called once they are built. */
  async change(sources: ListSources): Promise<void> {
    this.#sources = sources;
    await this.#updater?.stop();
    this.#formerFailures = this.failures;
    this.#updater = undefined;
    await this.#rebuild();
    if (!this.#isStopped) this.follow();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#updater?.stop();
    if (this.#isTemporary) await rm(this.#folder.path, { recursive: true, force: true });
  }

  /** Fetches and writes nothing until `thaw`; a download under way is given up. */
  async freeze(): Promise<void> {
    this.#isFrozen = true;
    await this.#updater?.stop();
  }

  /** Goes on, with the rules of the page as another process may have left them. */
  async thaw(): Promise<void> {
    this.#isFrozen = false;
    this.#formerFailures = this.failures;
    this.#updater = undefined;
    await this.reread();
    if (!this.#isStopped) this.follow();
  }

  /** Begins to fetch the lists that are due. */
  follow(): void {
    if (this.#isFrozen) return;
    const { refreshMs, maxListBytes } = this.#sources;
    const urls = sourcesOf(this.#sources).flatMap(({ url }) => url ?? []);
    const changed = () => void this.#rebuild();
    this.#updater = new ListUpdater(this.#folder, [...new Set(urls)], {
      everyMs: refreshMs,
      maxBytes: maxListBytes,
      request: { lookup: this.#lookup },
      onChange: changed,
    });
    this.#updater.start();
  }

  /** The old lists stay where the new ones cannot be built. */
  async #rebuild(): Promise<void> {
    try {
      const files = await this.#readFiles();
      const key = snapshotKey(files);
      const built = await this.#lists.build(files);
      if (this.#isStopped) return;
      this.#files = files;
      this.#built = built;
      this.#isRestored = false;
      this.#key = key;
      this.#keep(built, key);
      logUnusedRules(built, OWN_RULES, this.#log);
      this.#changed(built);
    } catch (error) {
      this.#log.error("block lists not built, the former ones stay", { error: messageOf(error) });
    }
  }

  /** Keeps a build for the next start, which is slower without it. */
  #keep(built: BuiltLists, key: string): void {
    if (this.#isTemporary) return;
    writeSnapshot(this.#folder.path, key, this.#lists.snapshot(built)).catch((error) =>
      this.#log.warn("block lists not kept for the next start", { error: messageOf(error) }),
    );
  }

  /** The files of all lists that there is a copy of. */
  async #readFiles(): Promise<(ListFile & { readonly name: string })[]> {
    const { rules, folder } = this.#sources;
    const own = await writeRules(this.#folder.path, rules);
    const files: (ListFile & { readonly name: string })[] = [
      { path: own, list: OWN_RULES, isTrusted: true, name: "rules" },
    ];
    if (await this.#clicked.isReadable())
      files.push({ path: this.#clicked.path, list: OWN_RULES, isTrusted: true, name: "dns-rules.txt" });
    for (const { name, list, isAllowList, url } of sourcesOf(this.#sources)) {
      const path = url === undefined ? await this.#localPath(folder, name) : await this.#copyOf(url);
      if (path !== undefined) files.push({ path, list, isAllowList, name });
    }
    return files;
  }

  async #copyOf(url: string): Promise<string | undefined> {
    return (await this.#folder.has(url)) ? this.#folder.pathOf(url) : undefined;
  }

  async #localPath(folder: string, name: string): Promise<string | undefined> {
    try {
      return await localListPath(folder, name);
    } catch (error) {
      this.#log.warn("block list not read", { list: name, problem: messageOf(error) });
      return undefined;
    }
  }
}

export interface BlockListSetOptions {
  /** Undefined: lists are kept in a temporary folder, which is removed at the stop. */
  readonly dataFolder: string | undefined;
  readonly sources: ListSources;
  /** Most memory for names. */
  readonly maxBytes: number;
  /** Finds the servers of lists. */
  readonly lookup: NonNullable<FetchOptions["lookup"]>;
  readonly log: Log;
  /** It begins as after `freeze`. @default {false} */
  readonly startsFrozen?: boolean | undefined;
  /** Called with each build after the first. */
  readonly changed: (built: BuiltLists) => void;
}

/**
 * Makes the folder that lists are kept in: below the data folder, or a temporary one where there is none, or it cannot be made, as on a
 * card that the kernel has made read-only.
 */
async function madeFolder({ dataFolder, log }: BlockListSetOptions): Promise<{ path: string; isTemporary: boolean }> {
  if (dataFolder !== undefined) {
    const path = join(dataFolder, "dns");
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      return { path, isTemporary: false };
    } catch (error) {
      log.warn("block lists not kept for the next start", { folder: path, problem: fileProblemOf(error) });
    }
  }
  try {
    return { path: await mkdtemp(join(tmpdir(), "tenk-dns-")), isTemporary: true };
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot keep block lists in ${tmpdir()}: ${fileProblemOf(error)}`, {
      hint: "make the data folder writable, or name one by data.folder",
      cause: error,
    });
  }
}

function sourcesOf({ blocklists, allowlists, clientLists }: ListSources): Source[] {
  const all = [
    ...blocklists.map((name) => ({ name, isAllowList: false })),
    ...allowlists.map((name) => ({ name, isAllowList: true })),
    ...clientLists.map((name) => ({ name, isAllowList: false })),
  ];
  return all.map(({ name, isAllowList }, index) => {
    const url = name.startsWith("./") ? undefined : listUrl(name);
    return { name, isAllowList, list: OWN_RULES + 1 + index, url };
  });
}

/** A list's URL may have a password in it. */
function withoutSecrets(name: string): string {
  return name.replace(/^(https?:\/\/)[^/?#]*@/, "$1");
}
