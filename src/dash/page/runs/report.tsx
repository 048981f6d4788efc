import { type HttpSection, httpSection, outcomeOf, type RunReport, type WebSocketSection } from "../../run.ts";
import { latencyRows } from "../../run-latencies.ts";
import { planText } from "../../run-plan.ts";
import { Copied, Foreign, Moment, Outcome, RunId, Scrolled, sentence, Verdict } from "../elements.tsx";
import { bytes, compact, grouped, seconds, written } from "../format.ts";
import { DnsAnswers } from "./dns-answers.tsx";
import { WRITER } from "./plan.ts";
import { RequestsTable } from "./requests-table.tsx";

interface ReportProps {
  /** None where the report is a file of its own. */
  readonly id?: string | undefined;
  readonly report: RunReport;
  /** ms since 1970 */
  readonly startedAt: number;
}

/** A report: verdict and checks, achieved and planned, latencies, causes, and the cost on both sides. */
export function ReportView({ id, report, startedAt }: ReportProps) {
  const { verdict } = report;
  const http = httpSection(report);
  return (
    <>
      <section class="panel head" aria-label="Verdict">
        <div>
          <p class="note">
            {id !== undefined && (
              <>
                run <RunId id={id} /> ·{" "}
              </>
            )}
            <Moment ms={startedAt} /> · {spoken(report)} · took {seconds(tookMs(report) / 1000)}
          </p>
          <h2>
            <Foreign text={http?.url ?? report.target} /> <Outcome outcome={outcomeOf(report)} />
          </h2>
          <p class="reason">
            <Foreign text={sentence(verdict.reason)} />
          </p>
          <p class="plan">
            <span class="note">Plan</span> <Foreign text={planText(report, WRITER)} />
          </p>
          {report.command !== undefined && (
            <p class="command">
              <span class="note">Command</span> <Copied text={report.command} name="the command" />
            </p>
          )}
        </div>
        {verdict.checks.length > 0 && <Checks report={report} />}
      </section>
      <div class="grid report-grid">
        <Scrolled class="panel" name="Achieved and planned">
          <h3>Achieved and planned</h3>
          <Achieved report={report} />
          {report.protocol?.kind === "http" && <Answers of={report.protocol} />}
          {report.protocol?.kind === "ws" && <Frames of={report.protocol} />}
          {report.protocol?.kind === "dns" && <DnsAnswers of={report.protocol} />}
        </Scrolled>
        <Scrolled class="panel latency" name="Latency">
          <h3>Latency</h3>
          <Latency report={report} />
        </Scrolled>
        {report.protocol?.kind === "http" && report.protocol.requests !== undefined && (
          <Scrolled class="panel" name="Requests of each URL">
            <h3>Requests of each URL</h3>
            <RequestsTable requests={report.protocol.requests} />
          </Scrolled>
        )}
        {report.protocol?.kind === "dns" && report.protocol.files !== undefined && (
          <Scrolled class="panel" name="Queries of each file">
            <h3>Queries of each file</h3>
            <RequestsTable
              what="File"
              requests={report.protocol.files.map(({ rcodes, ...file }) => ({ ...file, status: rcodes }))}
            />
          </Scrolled>
        )}
        <Scrolled class="panel" name="Cost">
          <h3>Cost</h3>
          <Cost report={report} />
        </Scrolled>
      </div>
    </>
  );
}

/** `HTTP/2`, or `tcp`. */
function spoken(report: RunReport): string {
  const version = httpSection(report)?.version;
  return version === undefined ? report.kind : `HTTP/${version}`;
}

/** What is sent: one, and several at the start of a line. */
function nounsOf({ protocol }: RunReport): readonly [one: string, several: string] {
  if (protocol?.kind === "http") return ["request", "Requests"];
  return protocol?.kind === "dns" ? ["query", "Queries"] : ["message", "Messages"];
}

/** The model of requests and queries; of messages there is none. */
function modelOf({ protocol }: RunReport): string | undefined {
  return protocol?.kind === "http" || protocol?.kind === "dns" ? protocol.model : undefined;
}

function tookMs({ timing }: RunReport): number {
  return timing.connectMs + timing.sendMs + timing.drainMs;
}

function Checks({ report }: { readonly report: RunReport }) {
  return (
    <table class="data checks">
      <thead>
        <tr>
          <th scope="col" class="left">
            Expected
          </th>
          <th scope="col">Found</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        {report.verdict.checks.map((check) => (
          <tr key={check.expect}>
            <th scope="row" class="left">
              <Foreign text={check.expect} />
            </th>
            <td>
              <Foreign text={check.got} />
            </td>
            <td>
              <Verdict isPass={check.pass} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Achieved({ report }: { readonly report: RunReport }) {
  const { plan, connections, messages, timing } = report;
  const planned = plan.totalRate > 0 ? plan.totalRate : plan.ratePerConnection * plan.connections;
  const [, what] = nounsOf(report);
  const model = modelOf(report);
  // Where nothing is planned, what was planned is what was sent.
  const wanted = model === "closed" ? (plan.maxMessages ?? 0) : messages.planned;
  const rows: readonly (readonly [string, number, number, (value: number) => string, none?: string])[] = [
    ["Connections", connections.peak, plan.connections, grouped],
    [what, messages.sent, wanted, grouped],
    [`${what} a second`, messages.perSecondSent, planned, compact],
    ["Sending", timing.sendMs, plan.durationMs ?? 0, (ms) => seconds(ms / 1000), "no end"],
  ];
  return (
    <>
      <table class="data">
        <thead>
          <tr>
            <th scope="col" class="left">
              <span class="unseen">What</span>
            </th>
            <th scope="col">Achieved</th>
            <th scope="col">Planned</th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([what, achieved, wanted, text, none = "–"]) => (
            <tr key={what}>
              <th scope="row" class="left">
                {what}
              </th>
              <td>{text(achieved)}</td>
              <td>{wanted > 0 ? text(wanted) : none}</td>
              <td class="share">{wanted > 0 ? <Share share={achieved / wanted} /> : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Counts
        none={model === undefined ? "None late, dropped, failed or lost." : "No errors; none failed or lost."}
        counts={[
          ["late", messages.late],
          ["late: waited for earlier answers", messages.lateForReply ?? 0],
          ["dropped", messages.dropped],
          ...Object.entries(messages.droppedBy ?? {}).map(([cause, count]) => [`dropped: ${cause}`, count] as const),
          ["unanswered", model === undefined ? messages.unanswered : 0],
          ...Object.entries(report.protocol?.errorsBy ?? {}).map(
            ([cause, count]) => [`errors: ${cause}`, count] as const,
          ),
          ["unexpected replies", messages.unexpected ?? 0],
          ["failed to connect", connections.failed],
          ["lost", connections.lost],
          ...Object.entries(connections.byCause),
        ]}
      />
    </>
  );
}

/** The answers by status, and the model that asked for them. */
function Answers({ of: { model, perSecond, status, wrongStatus, wrongBody } }: { readonly of: HttpSection }) {
  const answers = Object.entries(status).map(([code, count]) => [`with ${code}`, count] as const);
  const wrong: readonly (readonly [string, number])[] = [
    ["with a status that is not expected", wrongStatus],
    ["without the expected text", wrongBody ?? 0],
  ];
  return (
    <>
      <ul class="counts answers" aria-label="Answers">
        {[...answers, ...wrong.filter(([, count]) => count > 0)].map(([name, count]) => (
          <li key={name}>
            <strong>{grouped(count)}</strong> <Foreign text={name} />
          </li>
        ))}
      </ul>
      <p class="note">
        {compact(perSecond)} answers a second,{" "}
        {model === "open"
          ? "asked for as planned (open model)."
          : "each asked for when the one before had come (closed model): waits while the target stalls are not in the latencies."}
      </p>
    </>
  );
}

/** What came over WebSocket, and how its connections ended. */
function Frames({ of: { messages, contentBytes, pings, closes, latencyUs } }: { readonly of: WebSocketSection }) {
  const { ping } = latencyUs;
  const facts: readonly (readonly [string, number])[] = [
    ["messages came back", messages],
    ["pings", pings.sent],
    ["pongs", pings.answered],
    ["pings of the server", pings.received],
    ...Object.entries(closes).map(
      ([how, count]) => [/^\d+$/.test(how) ? `closed with ${how}` : `closed: ${how}`, count] as const,
    ),
  ];
  return (
    <>
      <ul class="counts answers" aria-label="Frames">
        {facts
          .filter(([, count]) => count > 0)
          .map(([name, count]) => (
            <li key={name}>
              <strong>{grouped(count)}</strong> <Foreign text={name} />
            </li>
          ))}
      </ul>
      <p class="note">
        {bytes(contentBytes)} of content came back
        {ping !== undefined && `; pongs took ${seconds(ping.p50 / 1e6)} (p50), ${seconds(ping.p99 / 1e6)} (p99)`}.
      </p>
    </>
  );
}

function Share({ share }: { readonly share: number }) {
  return (
    <>
      <span class="bar" aria-hidden="true">
        <span class="bar-fill calm" style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>{" "}
      {written(share, "share")}
    </>
  );
}

/** What went wrong, by name. */
function Counts({ counts, none }: { readonly counts: readonly (readonly [string, number])[]; readonly none: string }) {
  const found = counts.filter(([, count]) => count > 0);
  if (found.length === 0) return <p class="note">{none}</p>;
  return (
    <ul class="counts">
      {found.map(([name, count]) => (
        <li key={name}>
          <strong>{grouped(count)}</strong> <Foreign text={name} />
        </li>
      ))}
    </ul>
  );
}

function Latency({ report }: { readonly report: RunReport }) {
  const rows = latencyRows(report);
  if (rows.length === 0) return <p class="note">No answers were measured.</p>;
  return (
    <table class="data">
      <thead>
        <tr>
          <th scope="col" class="left">
            <span class="unseen">What</span>
          </th>
          {["p50", "p90", "p99", "p99.9", "max"].map((name) => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([{ p50, p90, p99, p999, max, atLeast }, title, words]) => {
          const fromUs = atLeast?.fromUs ?? Number.POSITIVE_INFINITY;
          return (
            <tr key={title + words}>
              <th scope="row" class="left" title={words}>
                {title[0]!.toUpperCase() + title.slice(1)}
                {rows.filter(([, other]) => other === title).length > 1 && <span class="note between">{words}</span>}
                <Spread p50={p50} p99={p99} max={max} />
              </th>
              {[p50, p90, p99, p999, max].map((us, index) => (
                <td key={index} title={us >= fromUs ? `at least: ${atLeast?.count} never ended` : undefined}>
                  {us >= fromUs ? "≥ " : ""}
                  {seconds(us / 1e6)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Median, p99 and maximum on a logarithmic scale from 1 µs to 10 s. */
function Spread({ p50, p99, max }: { readonly p50: number; readonly p99: number; readonly max: number }) {
  const place = (us: number) => Math.min(100, Math.max(0, (Math.log10(Math.max(1, us)) / 7) * 100));
  const [from, to] = [place(p50), place(p99)];
  return (
    <span class="spread" aria-hidden="true">
      <span class="spread-range" style={{ left: `${from}%`, width: `${Math.max(0.5, to - from)}%` }} />
      <span class="spread-mark" style={{ left: `${place(max)}%` }} />
    </span>
  );
}

function Cost({ report }: { readonly report: RunReport }) {
  return (
    <>
      <CostTable report={report} />
      {report.server === null && report.serverNote !== undefined && report.protocol === undefined && (
        <p class="note">
          Target: <Foreign text={report.serverNote} />
        </p>
      )}
    </>
  );
}

function CostTable({ report }: { readonly report: RunReport }) {
  const { generator, server, bytes: carried } = report;
  const [one, several] = nounsOf(report);
  const rows: readonly (readonly [string, string, string])[] = [
    ["CPU", written(generator.cpuPercent, "percent"), server ? written(server.cpuPercent, "percent") : "–"],
    [`CPU per ${one}`, `${generator.cpuUsPerMessage.toFixed(1)} µs`, "–"],
    ["Memory", bytes(generator.rssBytes), server ? bytes(server.rssBytes) : "–"],
    ["Memory per connection", "–", server ? bytes(server.userBytesPerConnection) : "–"],
    ["Event loop lag p99", seconds(generator.loopLagP99Us / 1e6), "–"],
    ["Sent", bytes(carried.sent), "–"],
    ["Received", bytes(carried.received), server ? `${grouped(server.received)} ${several.toLowerCase()}` : "–"],
  ];
  return (
    <table class="data">
      <thead>
        <tr>
          <th scope="col" class="left">
            <span class="unseen">What</span>
          </th>
          <th scope="col">Generator</th>
          <th scope="col">Target</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([what, ours, theirs]) => (
          <tr key={what}>
            <th scope="row" class="left">
              {what}
            </th>
            <td>{ours}</td>
            <td>{theirs}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
