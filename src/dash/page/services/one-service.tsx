import { useEffect } from "preact/hooks";
import type { DayBar, ProbedServiceView, ServiceAnswer, ServiceDay } from "../../probe-api.ts";
import { useCell } from "../cell.ts";
import { Empty, Foreign, Moment } from "../elements.tsx";
import { seconds } from "../format.ts";
import { status } from "../instance.ts";
import { OwnProblem } from "../own-problem.tsx";
import { hashOf } from "../route.ts";
import { useAnswer } from "../use-answer.ts";
import { Answers, Changes } from "./changes.tsx";
import { shareText } from "./days.ts";
import { Address, Certificate } from "./facts.tsx";
import { lastedText } from "./headline.ts";
import { LatencyChart } from "./latency-chart.tsx";
import { Maintenance } from "./maintenance.tsx";
import { serverNow } from "./overview.tsx";
import { StateSign } from "./state-sign.tsx";
import { isAnswering, Reason } from "./tile.tsx";
import { UptimeBar } from "./uptime-bar.tsx";

const EVERY_MS = 5000;

/** Everything that is known of one service. */
export function OneService({ name, look }: { readonly name: string; readonly look: string | undefined }) {
  const known = useCell(status);
  const services = known?.parts.probe?.services ?? [];
  const view = services.find(({ service }) => service === name);
  return (
    <>
      <p class="toolbar">
        <a href="#/services">← all services</a>
      </p>
      {view !== undefined && <Known view={view} services={services} look={look} />}
      {view === undefined && known === undefined && <p class="note">Loading …</p>}
      {view === undefined && known !== undefined && (
        <Empty title="This service is not probed">
          There is no <Foreign text={name} /> in <code>services:</code>, or it has <code>probe: false</code>.
        </Empty>
      )}
    </>
  );
}

interface KnownProps {
  readonly view: ProbedServiceView;
  readonly services: readonly ProbedServiceView[];
  readonly look: string | undefined;
}

function Known({ view, services, look }: KnownProps) {
  const name = view.service;
  const { answer, error, again } = useAnswer<ServiceAnswer>("/api/probe/service", { name }, EVERY_MS);
  // A change is seen in the status first.
  useEffect(() => again(), [view.state]);
  return (
    <>
      <Head view={view} services={services} />
      {/* A server without a history of services has no such route. */}
      <OwnProblem error={error?.status === 404 ? undefined : error} />
      <UptimePanel view={view} days={answer?.days} />
      <LatencyChart name={name} look={look} />
      {answer !== undefined && (
        <div class="grid service-tables">
          <Changes changes={answer.changes} nowMs={serverNow()} />
          <Answers answers={answer.answers} />
        </div>
      )}
    </>
  );
}

function Head({
  view,
  services,
}: {
  readonly view: ProbedServiceView;
  readonly services: readonly ProbedServiceView[];
}) {
  const nowMs = serverNow();
  const { service, state, sinceMs, reason } = view;
  return (
    <section class="panel service-head" aria-label="State">
      <div class="tile-head">
        <h2>
          <Foreign text={service} />
        </h2>
        <StateSign state={state} />
        <span class="note">
          since <Moment ms={sinceMs} /> ({lastedText(nowMs - sinceMs)})
        </span>
        <Address view={view} />
      </div>
      <Reason reason={reason} />
      <dl class="service-facts">
        {factsOf(view, services, nowMs).map(([title, value]) => (
          <div class="service-fact" key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Maintenance name={service} />
    </section>
  );
}

type Fact = readonly [title: string, value: preact.ComponentChildren];

function factsOf(view: ProbedServiceView, services: readonly ProbedServiceView[], nowMs: number): readonly Fact[] {
  const { kind, address, url, version, role, group, after, latencyMs, certificateUntilMs, certificateIssuer } = view;
  const text = (title: string, value: string | null | undefined): Fact[] =>
    value === null || value === undefined || value === "" ? [] : [[title, <Foreign text={value} />]];
  const behind = services.filter((each) => each.after === view.service).map(({ service }) => service);
  return [
    ...(isAnswering(view) ? [["Answer", seconds(latencyMs! / 1000)] as const] : []),
    ...text("Kind", kind),
    // The link says where people open it, this what is asked.
    ...(url ? text("Asked at", address) : []),
    ...text("Version", version),
    ...text("Role", role),
    ...text("Group", group),
    ...(after ? [["Stands on", <ServiceLinks names={[after]} />] as const] : []),
    ...(behind.length > 0 ? [["Stand on it", <ServiceLinks names={behind} />] as const] : []),
    ...(certificateUntilMs === null
      ? []
      : [
          [
            "Certificate",
            <>
              <Certificate untilMs={certificateUntilMs} nowMs={nowMs} isBare />, until{" "}
              <Moment ms={certificateUntilMs} />
            </>,
          ] as const,
        ]),
    ...text("Issuer", certificateIssuer),
  ];
}

function ServiceLinks({ names }: { readonly names: readonly string[] }) {
  return (
    <>
      {names.map((name, at) => (
        <span key={name}>
          {at > 0 && ", "}
          <a href={hashOf(["services", name])}>
            <Foreign text={name} />
          </a>
        </span>
      ))}
    </>
  );
}

const SPANS = [
  ["24 hours", "day"],
  ["7 days", "week"],
  ["30 days", "month"],
  ["90 days", "quarter"],
] as const;

function UptimePanel({
  view,
  days,
}: {
  readonly view: ProbedServiceView;
  readonly days: readonly ServiceDay[] | undefined;
}) {
  const bars = days?.map(barOf) ?? view.days ?? [];
  if (view.uptime === undefined && bars.length === 0) return null;
  return (
    <section class="panel" aria-label="Uptime">
      <h3>Uptime</h3>
      <dl class="quick service-uptime">
        {SPANS.map(([title, span]) => (
          <div class="stat" key={span}>
            <dt>{title}</dt>
            <dd>
              <span class="stat-value">{shareText(view.uptime?.[span])}</span>
            </dd>
          </div>
        ))}
      </dl>
      <UptimeBar name={view.service} days={bars} today={days?.at(-1)?.day} />
    </section>
  );
}

function barOf({ upMs, degradedMs, downMs, unknownMs, maintenanceMs }: ServiceDay): DayBar {
  const bar = [upMs, degradedMs, downMs, unknownMs, maintenanceMs].map((ms) => ms / 1000);
  return bar.every((span) => span === 0) ? 0 : (bar as unknown as DayBar);
}
