import { access, constants, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileProblemOf, systemCodeOf, TenkError } from "../../base/mod.ts";
import { ALLOW, IMPORTANT, SUBTREE } from "../list-format/mod.ts";
import type { NameChange } from "../pages/mod.ts";

export type RuleAction = "allow" | "block";

/** A rule that the page made. */
export interface ClickedRule {
  readonly name: string;
  readonly action: RuleAction;
  /** The day it was made: `2026-11-30`; null where the line does not say. */
  readonly since: string | null;
}

export interface RulesFileOptions {
  /** Longer files are not changed. Default: 1 MiB. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 2 ** 20;
const FORM = /^(@@)?\|\|([a-z0-9_.-]+)\^\$important(?:\s+#.*?(\d{4}-\d\d-\d\d))?\s*(?:#.*)?$/;
const HEADER =
  "! Names that were allowed or blocked on the page, in adblock syntax. Lines of your own may stand here too.\n";

/**
 * The file of rules that are made on the page: a line a rule, which people can read, edit and keep under version control. Lines that
 * the page did not make stay as they are. Its rules beat those of all lists.
 */
export class RulesFile {
  readonly path: string;
  readonly #maxBytes: number;
  /** One change after the other: each reads what the one before has written. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string, { maxBytes = MAX_BYTES }: RulesFileOptions = {}) {
    this.path = join(folder, "dns-rules.txt");
    this.#maxBytes = maxBytes;
  }

  /** Makes the file where there is none. @throws {TenkError} `file-unreadable` */
  async open(): Promise<void> {
    await this.#guarded(async () => {
      await mkdir(join(this.path, ".."), { recursive: true, mode: 0o700 });
      const file = await open(this.path, "wx", 0o600).catch((error) => {
        if (systemCodeOf(error) === "EEXIST") return undefined;
        throw error;
      });
      await file?.writeFile(HEADER);
      await file?.close();
    });
  }

  /** All its lines that are rules, also those that the page did not make. */
  async lines(): Promise<string[]> {
    const text = await this.#read();
    return text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("!"));
  }

  /** Whether it can be read as a list. */
  async isReadable(): Promise<boolean> {
    try {
      await access(this.path, constants.R_OK);
      return (await stat(this.path)).isFile();
    } catch {
      return false;
    }
  }

  async rules(): Promise<ClickedRule[]> {
    return rulesOf(await this.#read());
  }

  /**
   * Has a name, and all below it, be allowed or blocked; or removes what was said of it.
   *
   * @returns the changes of the lists in memory that follow
   * @throws {TenkError} `usage` where it would have no effect; `file-unreadable` where it cannot be written
   */
  set(name: string, action: RuleAction | "remove", today: string): Promise<NameChange[]> {
    const done = this.#last.then(() => this.#guarded(() => this.#set(name, action, today)));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #set(name: string, action: RuleAction | "remove", today: string): Promise<NameChange[]> {
    const text = await this.#read();
    const before = rulesOf(text);
    if (action === "block") {
      const above = before.find((rule) => rule.action === "allow" && name.endsWith(`.${rule.name}`));
      if (above !== undefined)
        throw new TenkError("usage", `Cannot block ${name}: ${above.name} and all below it is allowed`, {
          hint: `remove the rule that allows ${above.name} first`,
        });
    }
    const lines = text.split("\n").filter((line) => ruleOf(line)?.name !== name);
    while (lines.at(-1) === "") lines.pop();
    if (action !== "remove") lines.push(`${action === "allow" ? "@@" : ""}||${name}^$important # ${today}`);
    await this.#write(`${lines.join("\n")}\n`);
    const former = before.filter((rule) => rule.name === name);
    return [
      ...former.map((rule) => ({ name, flags: flagsOf(rule.action), add: 0, remove: 1 })),
      ...(action === "remove" ? [] : [{ name, flags: flagsOf(action), add: 1, remove: 0 }]),
    ];
  }

  async #read(): Promise<string> {
    const bytes = await readFile(this.path).catch((error) => {
      if (systemCodeOf(error) === "ENOENT") return Buffer.from(HEADER);
      throw error;
    });
    return bytes.toString("utf8");
  }

  /** A crash leaves the old file or the new one. */
  async #write(text: string): Promise<void> {
    if (Buffer.byteLength(text) > this.#maxBytes)
      throw new TenkError("usage", `Cannot add a rule: ${this.path} would have more than ${this.#maxBytes} bytes`, {
        hint: "use a list of your own for so many names",
      });
    const temporary = `${this.path}.new`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path);
  }

  async #guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TenkError) throw error;
      throw new TenkError("file-unreadable", `Cannot change ${this.path}: ${fileProblemOf(error)}`, { cause: error });
    }
  }
}

function flagsOf(action: RuleAction): number {
  return SUBTREE | IMPORTANT | (action === "allow" ? ALLOW : 0);
}

function rulesOf(text: string): ClickedRule[] {
  return text.split("\n").flatMap((line) => ruleOf(line) ?? []);
}

function ruleOf(line: string): ClickedRule | undefined {
  const [whole, allow, name, since] = FORM.exec(line) ?? [];
  if (whole === undefined) return undefined;
  return { name: name!, action: allow === undefined ? "block" : "allow", since: since ?? null };
}
