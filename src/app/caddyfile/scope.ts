import type { Directive } from "./directives.ts";
import type { HeaderLines } from "./headers.ts";
import type { Problem } from "./tokens.ts";

/** What a block of directives applies to, and the settings that it got from the blocks around it. */
export interface Scope {
  readonly hosts: readonly string[];
  /** As `services.NAME.path`. */
  readonly paths: readonly string[];
  readonly strip: boolean;
  /** Where files are, and the file for those that are missing. */
  readonly root: string | undefined;
  readonly fallback: string | undefined;
  /** Why files must not be served: what would run them is not carried over, and their source must not be shown. */
  readonly noFiles: string | undefined;
  readonly settings: RouteSettings;
}

/** Settings of a service beside its answer. */
export interface RouteSettings {
  readonly plainHttp?: "serve";
  readonly compress?: true;
  readonly maxBody?: string;
  readonly request?: HeaderLines;
  readonly response?: HeaderLines;
  readonly auth?: object;
  readonly allow?: readonly string[];
}

/** A service to be, with the line that it comes from. */
export interface Route {
  readonly scope: Scope;
  /** `target`, `targets`, `respond`, `redirect` or `root`, and what belongs to it. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly from: Directive;
}

/** Collects what cannot be carried over. */
export class Report {
  readonly problems: Problem[] = [];

  /** @param text why, behind the directive's name */
  add({ file, line, name }: { file: string; line: number; name: string }, text: string): void {
    this.problems.push({ file, line, text: `${name}: ${text}` });
  }
}
