import { formatDuration } from "../../base/mod.ts";
import { type Condition, Conditions, type Problem } from "../../part/mod.ts";

const MINUTE_MS = 60_000;
/** So often in a row an update of a list fails before it is a problem: with pauses of 5, 10 and 20 minutes that is an hour. */
const LIST_FAILURES = 4;
const DAY_MS = 86_400_000;

/** What is looked at of a name server. */
export interface ProblemSource {
  readonly resolver: {
    readonly members: readonly {
      readonly upstream: { readonly name: string };
      readonly isDown: boolean;
      readonly isLooped: boolean;
    }[];
  };
  readonly lists: { views(): readonly WatchedList[] };
}

export interface WatchedList {
  readonly name: string;
  readonly isAllowList: boolean;
  /** When it was last fetched, or found unchanged; undefined without a copy. */
  readonly checkedMs: number | undefined;
  /** Undefined for a file. */
  readonly state:
    | { readonly failures: number; readonly lastFailure: { readonly message: string } | undefined }
    | undefined;
}

/** What a name server has of problems. */
export interface DnsProblems {
  problems(): readonly Problem[];
  /** Returns keys of which nothing is known yet. */
  undecided(): readonly string[];
}

/** Returns what tells the problems of a name server: upstreams that do not answer, lists that are not there or not updated. */
export function dnsProblems(server: ProblemSource, now: () => number = Date.now): DnsProblems {
  const conditions = new Conditions();
  function look(): Conditions {
    const nowMs = now();
    conditions.take([...upstreamConditions(server), ...listConditions(server, nowMs)], nowMs);
    return conditions;
  }
  return { problems: () => look().problems, undecided: () => look().undecided };
}

function upstreamConditions({ resolver: { members } }: ProblemSource): Condition[] {
  const names = members.map(({ upstream }) => upstream.name).join(", ");
  const looped = members.filter(({ isLooped }) => isLooped).map(({ upstream }) => upstream.name);
  return [
    {
      key: "dns/upstreams",
      severity: "critical",
      subject: "name resolution",
      state: "without upstreams",
      reason: `none answers of ${names}: is the way to the internet open? Names that are cached are still answered`,
      isOver: members.length > 0 && members.every(({ isDown, isLooped }) => isDown || isLooped),
      holdMs: MINUTE_MS,
      clearMs: 0,
    },
    {
      key: "dns/loop",
      severity: "warning",
      subject: "name resolution",
      state: "in a loop",
      reason: `${looped.join(", ")} asks this name server what it is asked: name another one in dns.upstreams`,
      isOver: looped.length > 0,
    },
  ];
}

function listConditions({ lists }: ProblemSource, nowMs: number): Condition[] {
  return lists.views().flatMap(({ name, state, checkedMs, isAllowList }): Condition[] => {
    const { lastFailure, failures = 0 } = state ?? {};
    const isMissing = checkedMs === undefined;
    const old = isMissing ? "there is no copy yet" : `the copy of ${formatDuration(nowMs - checkedMs)} ago is used`;
    return [
      {
        key: `dns/list/${name}`,
        severity: "warning",
        subject: `${isAllowList ? "allow" : "block"} list ${name}`,
        state: isMissing ? "missing" : "not updated",
        reason: `${lastFailure?.message ?? ""}; ${old}`,
        isOver: lastFailure !== undefined && (isMissing || (failures >= LIST_FAILURES && nowMs - checkedMs > DAY_MS)),
        // A start knows of no failure before the first attempt.
        isClear: lastFailure === undefined && !isMissing && nowMs - checkedMs <= DAY_MS,
        // After a power cut the router may need some minutes to find the internet.
        holdMs: isMissing ? 5 * MINUTE_MS : 0,
        clearMs: 0,
      },
    ];
  });
}
