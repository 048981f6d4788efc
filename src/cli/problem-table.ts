import type { Status, StatusTable } from "../app/mod.ts";
import { formatAge } from "../base/mod.ts";

type Problem = Status["problems"][number];

/** Returns what is not well as a table, the worst first. */
export function problemTable(problems: readonly Problem[], atMs: number): StatusTable[] {
  if (problems.length === 0) return [];
  return [
    {
      columns: [{ title: "problem" }, { title: "state" }, { title: "for", align: "right" }, { title: "why" }],
      rows: problems
        .toSorted((one, other) => rank(one) - rank(other))
        .map((problem) => {
          const { subject, severity, state, isMuted, sinceMs, reason } = problem;
          const cell = isMuted
            ? state
            : { text: state, tone: severity === "critical" ? ("bad" as const) : ("warning" as const) };
          return [subject, cell, formatAge(atMs - sinceMs), `${reason}${behindText(problem)}`];
        }),
    },
  ];
}

function rank({ severity, behind, isMuted }: Problem): number {
  return (severity === "critical" ? 0 : 1) + (behind === undefined ? 0 : 2) + (isMuted ? 4 : 0);
}

function behindText({ behind, reason }: Problem): string {
  return behind === undefined ? "" : `${reason === "" ? "" : " "}(behind ${behind.replace(/^service\//, "")})`;
}

/** Sums up in a few words whether all is well; undefined where nothing is known. */
export function summary({
  problems = [],
  parts,
}: Pick<Status, "problems" | "parts">): { text: string; tone: "good" | "bad" } | undefined {
  const count = problems.filter(({ isMuted }) => !isMuted).length;
  if (count > 0) return { text: count === 1 ? "1 problem" : `${count} problems`, tone: "bad" };
  const services =
    (parts.probe as { readonly services?: readonly { readonly state: string }[] } | undefined)?.services ?? [];
  if (services.length === 0) return undefined;
  const up = services.filter(({ state }) => state === "up").length;
  if (up === services.length)
    return { text: up === 1 ? "its service is well" : `all ${up} services are well`, tone: "good" };
  return { text: `${up} of ${services.length} services are up`, tone: "good" };
}
