import { CONTAINER_STATES } from "../containers/mod.ts";
import type { Metric } from "../metrics/mod.ts";
import type { OfferedServices, Problem, StatusLook, StatusTable } from "../part/mod.ts";
import type { ContainerServices } from "./container-services.ts";

/** `parts.containers` of `/api/status`. */
export interface ContainersView {
  readonly engines: readonly {
    readonly socket: string;
    /** Null while it does not answer. */
    readonly engine: string | null;
    readonly api: string | null;
    /** Why it does not answer. */
    readonly reason: string | null;
    readonly containers: number;
    readonly running: number;
  }[];
  readonly services: readonly { readonly service: string; readonly container: string }[];
  readonly refused: readonly { readonly container: string; readonly reason: string }[];
}

const MAX_PROBLEMS = 20;

export function containersView(found: ContainerServices, offered: OfferedServices): ContainersView {
  const out = new Set(offered.refused.map(({ name, container }) => `${name} ${container}`));
  return {
    engines: [...found.followers.values()].map(({ socket, version, reason, containers }) => ({
      socket,
      engine: version?.engine ?? null,
      api: version?.api ?? null,
      reason: reason ?? null,
      containers: containers.length,
      running: containers.filter(({ state }) => state === "running").length,
    })),
    services: found.offers
      .filter(({ name, container }) => !out.has(`${name} ${container}`))
      .map(({ name, container }) => ({ service: name, container })),
    refused: refusedOf(found, offered),
  };
}

function refusedOf({ found }: ContainerServices, { refused }: OfferedServices): ContainersView["refused"] {
  return [...found.problems, ...refused.map(({ container, reason }) => ({ container, reason }))];
}

/** Returns a problem for an engine that went away, and for labels that cannot be used. */
export function containersProblems(found: ContainerServices, offered: OfferedServices): Problem[] {
  const engines = [...found.followers.values()].flatMap((each): Problem[] => {
    const { socket, lostMs, reason = "" } = each;
    if (lostMs === undefined) return [];
    const fix = `${reason}: its containers stay as they were last seen`;
    return [
      {
        key: `containers/engine${socket}`,
        severity: "warning",
        subject: `engine ${socket}`,
        state: "no answer",
        reason: fix,
        sinceMs: lostMs,
      },
    ];
  });
  const labels = refusedOf(found, offered).slice(0, MAX_PROBLEMS);
  return [
    ...engines,
    ...labels.map(
      ({ container, reason }): Problem => ({
        key: `containers/labels/${container}`,
        severity: "warning",
        subject: `container ${container}`,
        state: "refused",
        reason,
        sinceMs: found.startedMs,
      }),
    ),
  ];
}

/**
 * ```text
 * engine                      version  containers  running  services
 * Docker at /run/docker.sock      1.41          12       11         4
 * ```
 */
export function containersTables({ view }: StatusLook<ContainersView>): StatusTable[] {
  const { engines, services, refused } = view;
  if (engines.length === 0) return [];
  return [
    {
      columns: [
        { title: "engine" },
        { title: "api", dropOrder: 1 },
        { title: "containers", align: "right" },
        { title: "running", align: "right" },
      ],
      rows: engines.map(({ socket, engine, api, reason, containers, running }) => [
        engine === null
          ? { text: `no answer at ${socket}: ${reason ?? "asked now"}`, tone: "warning" }
          : `${engine} at ${socket}`,
        api ?? "",
        String(containers),
        String(running),
      ]),
      notes: [
        ...(services.length > 0
          ? [`services of containers: ${services.map(({ service }) => service).join(", ")}`]
          : []),
        ...refused.slice(0, MAX_PROBLEMS).map(({ container, reason }) => `container ${container} refused: ${reason}`),
      ],
    },
  ];
}

/** Labels are closed sets. */
export function containersMetrics(found: ContainerServices, offered: OfferedServices): Metric[] {
  const followers = () => [...found.followers.values()];
  // A machine without an engine has none of these.
  const isFollowing = () => found.followers.size > 0;
  const gauge = (name: string, help: string, value: () => number): Metric => {
    return { type: "gauge", name, help, read: (report) => isFollowing() && report(value()) };
  };
  const counter = (name: string, help: string, key: "events" | "lists" | "failures"): Metric => {
    const total = () => followers().reduce((sum, { counts }) => sum + counts[key], 0);
    return { type: "counter", name, help, read: (report) => isFollowing() && report(total()) };
  };
  return [
    {
      type: "gauge",
      name: "tenk_containers_known",
      help: "Containers of the engines that are followed, by state.",
      labels: ["state"],
      read(report) {
        const all = followers().flatMap(({ containers }) => containers);
        if (!isFollowing()) return;
        for (const state of CONTAINER_STATES) report(all.filter((each) => each.state === state).length, { state });
      },
    },
    gauge("tenk_containers_services", "Services that containers declare by their labels.", () => found.offers.length),
    gauge(
      "tenk_containers_refused",
      "Labels of containers that cannot be used.",
      () => refusedOf(found, offered).length,
    ),
    gauge(
      "tenk_containers_engines",
      "Container engines that answer.",
      () => followers().filter(({ version }) => version !== undefined).length,
    ),
    counter("tenk_containers_events_total", "Events of container engines.", "events"),
    counter("tenk_containers_lists_total", "Lists of all containers that engines were asked for.", "lists"),
    counter("tenk_containers_failures_total", "Times that a container engine did not answer.", "failures"),
  ];
}
