import type { Metric } from "../metrics/mod.ts";
import type { StatusCell, StatusLook, StatusTable } from "../part/mod.ts";
import type { BoxService, BoxVitals } from "./answer.ts";
import type { BoxState, FollowedBox } from "./followed-box.ts";

/** A box in `parts.boxes` of `/api/status`. */
export interface BoxView {
  readonly box: string;
  readonly url: string;
  readonly state: BoxState;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  readonly reason: string | null;
  /** When it last answered; null where it never did. All that follows is from then. */
  readonly answeredMs: number | null;
  readonly tenk: string | null;
  readonly host: BoxVitals | null;
  readonly services: readonly BoxService[];
  /** Of its own, without those of boxes that it follows. */
  readonly problems: number;
}

export interface BoxesView {
  readonly boxes: readonly BoxView[];
}

export function boxesView(boxes: readonly FollowedBox[]): BoxesView {
  return {
    boxes: boxes.map((box) => ({
      box: box.name,
      url: box.url,
      state: box.state,
      sinceMs: box.sinceMs,
      reason: box.reason ?? null,
      answeredMs: box.answeredMs ?? null,
      tenk: box.answer?.tenk ?? null,
      host: box.answer?.host ?? null,
      // Nothing is known of them while it is away.
      services: (box.answer?.services ?? []).map((each) => (box.state === "up" ? each : { ...each, state: "unknown" })),
      problems: box.problems().length,
    })),
  };
}

export function boxesMetrics(boxes: () => readonly FollowedBox[]): Metric[] {
  return [
    {
      name: "tenk_boxes_up",
      help: "Whether another box answers (1) or not (0).",
      type: "gauge",
      read: (report) => {
        for (const { name, state } of boxes()) report(state === "up" ? 1 : 0, { box: name });
      },
    },
    {
      name: "tenk_boxes_problems",
      help: "Problems that another box reported last.",
      type: "gauge",
      read: (report) => {
        for (const box of boxes()) report(box.problems().length, { box: box.name });
      },
    },
    {
      name: "tenk_boxes_requests_total",
      help: "Requests to another box, by result: answered or failed.",
      type: "counter",
      read: (report) => {
        for (const { name, counts } of boxes()) {
          report(counts.answered, { box: name, result: "answered" });
          report(counts.failed, { box: name, result: "failed" });
        }
      },
    },
  ];
}

/**
 * ```text
 * box    state    cpu  memory  disk     heat  services    problems  why
 * nas    up        4%     31%   42%  48.2 °C  11 of 12 up         1
 * attic  unknown    -       -     -        -                       0  connect ETIMEDOUT
 * ```
 */
export function boxesTables({ view }: StatusLook<BoxesView>): StatusTable[] {
  return [
    {
      columns: [
        { title: "box" },
        { title: "state" },
        { title: "cpu", align: "right", dropOrder: 2 },
        { title: "memory", align: "right", dropOrder: 3 },
        { title: "disk", align: "right", dropOrder: 4 },
        { title: "heat", align: "right", dropOrder: 1 },
        { title: "services", dropOrder: 5 },
        { title: "problems", align: "right" },
        { title: "why" },
      ],
      rows: view.boxes.map((box) => [
        box.box,
        stateCell(box.state),
        ...vitalCells(box.state === "up" ? box.host : null),
        servicesText(box.services),
        box.problems === 0 ? "0" : { text: `${box.problems}`, tone: "bad" },
        box.reason ?? "",
      ]),
    },
  ];
}

function stateCell(state: BoxState): StatusCell {
  return state === "pending" ? state : { text: state, tone: state === "up" ? "good" : "bad" };
}

function vitalCells(host: BoxVitals | null): string[] {
  const percent = (share: number | null) => (share === null ? "-" : `${Math.round(share * 100)}%`);
  const { busy = null, memoryUsedBytes = null, memoryTotalBytes = null } = host ?? {};
  const { rootUsedPercent = null, temperatureCelsius = null } = host ?? {};
  const memory = memoryUsedBytes === null || !memoryTotalBytes ? null : memoryUsedBytes / memoryTotalBytes;
  return [
    percent(busy),
    percent(memory),
    rootUsedPercent === null ? "-" : `${Math.round(rootUsedPercent)}%`,
    temperatureCelsius === null ? "-" : `${temperatureCelsius.toFixed(1)} °C`,
  ];
}

function servicesText(services: readonly BoxService[]): string {
  if (services.length === 0) return "";
  return `${services.filter(({ state }) => state === "up").length} of ${services.length} up`;
}
