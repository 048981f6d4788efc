import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { loadFamilies, type Push, type PushTarget, pushTarget, startPush } from "../app/mod.ts";
import { logOf, parseDuration, TenkError } from "../base/mod.ts";
import type { LoadSnapshot } from "../load/mod.ts";
import { listOption, valueOption } from "./options.ts";

/** The options that `addPushOptions` adds to a command. */
export interface PushWords {
  readonly push?: PushTarget;
  readonly pushEvery?: number;
  readonly pushLabel?: readonly (readonly [name: string, value: string])[];
}

/** Where and how often to push. */
export interface PushPlan {
  readonly target: PushTarget;
  readonly everyMs?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export function addPushOptions(command: Command): Command {
  return command
    .addOption(
      valueOption("--push <url>", "push metrics there by Prometheus remote write", (text) =>
        pushTarget(text, process.env),
      ),
    )
    .addOption(valueOption("--push-every <time>", "how often (default: 10s)", atLeastASecond))
    .addOption(listOption("--push-label <name=value>", "a label of every series; repeatable", parseLabel));
}

/** @throws {TenkError} `usage` */
export function pushPlan({ push, pushEvery, pushLabel }: PushWords): PushPlan | undefined {
  if (push !== undefined) {
    const every = pushEvery === undefined ? {} : { everyMs: pushEvery };
    return { target: push, ...every, ...(pushLabel === undefined ? {} : { labels: Object.fromEntries(pushLabel) }) };
  }
  if (pushEvery === undefined && pushLabel === undefined) return undefined;
  throw new TenkError("usage", `${pushEvery === undefined ? "--push-label" : "--push-every"} needs --push`);
}

function parseLabel(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^((?!__)[A-Za-z_][A-Za-z0-9_]{0,99})=(.{1,500})$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new TenkError("usage", `Cannot use "${text}": expected name=value, such as site=cellar`);
}

/** Pushes the latest snapshot of a load test, from its first one on. */
export class LoadPush {
  readonly #plan: PushPlan;
  readonly #target: string;
  #push: Push | undefined;
  #latest: LoadSnapshot | undefined;

  /** @param target of the load test */
  constructor(plan: PushPlan, target: string) {
    this.#plan = plan;
    this.#target = target;
  }

  take(snapshot: LoadSnapshot): void {
    this.#latest = snapshot;
    this.#push ??= this.#begin();
  }

  /** Pushes the last snapshot. */
  async end(): Promise<void> {
    await this.#push?.end();
  }

  #begin(): Push {
    const run = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")}-${randomBytes(4).toString("hex")}`;
    logOf("push").info("pushing", { to: this.#plan.target.shown, run });
    const labels = { job: "tenk-load", ...this.#plan.labels, run, target: this.#target };
    return startPush({ ...this.#plan, labels, read: () => (this.#latest ? loadFamilies(this.#latest) : []) });
  }
}

function atLeastASecond(text: string): number {
  const everyMs = parseDuration(text);
  if (everyMs >= 1000) return everyMs;
  throw new TenkError("usage", `Cannot use "${text}": expected 1s or more`);
}
