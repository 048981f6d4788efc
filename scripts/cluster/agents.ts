/** A load test by several pods: the shipped Jobs, with a smaller run. */
import { type Cluster, kubectl, kubectlText, until } from "./components.ts";
import { applyLoad } from "./manifests.ts";

const JOBS_MS = 180_000;
const IN_LOAD = ["-n", "tenk-load"];
/** In all, not for each agent. */
const CONNECTIONS = 300;
/** A node that is busy with its own cluster sends late: that is not what is looked at. */
const EXPECTED = ["connections=all", "lost=0", "failed=0", "late+dropped<=100%"];
const ARGUMENTS = ["load", "tcp", "tenk.tenk.svc:9091", "--agents=3", `--connections=${CONNECTIONS}`].concat(
  ["--message-rate=10", "--message=ping", "--duration=5s", "--json=-"],
  EXPECTED.map((expectation) => `--expect=${expectation}`),
);

export interface AgentsResult {
  readonly summary: string;
  readonly complaints: readonly string[];
}

/** Runs the Jobs to their end, and looks at what the controller reported. */
export async function loadByAgents(cluster: Cluster): Promise<AgentsResult> {
  applyLoad(cluster, ARGUMENTS);
  const states = ["get", "jobs", "-o", "jsonpath={.items[*].status.conditions[*].type}"];
  await until(
    "the end of the load test",
    () => /(Complete|Failed).*(Complete|Failed)/.test(of(cluster, states)),
    JOBS_MS,
  );
  const indexes = of(cluster, ["get", "job", "tenk-agents", "-o", "jsonpath={.status.completedIndexes}"]);
  const log = kubectlText(cluster, [...IN_LOAD, "logs", "job/tenk-load"]);
  const complaints = indexes === "0-2" ? [] : [`agents completed: ${indexes || "none"}`];
  const text = reportOf(log);
  if (text === undefined) return { summary: "no report", complaints: [...complaints, `no report:\n${log}`] };
  const { connections, messages, agents, verdict } = JSON.parse(text) as Report;
  const shares = agents.each.map((agent) => agent.messages.sent);
  const sum = shares.reduce((total, share) => total + share, 0);
  if (sum !== messages.sent) complaints.push(`agents sent ${shares.join(" + ")}, the report has ${messages.sent}`);
  if (connections.opened !== CONNECTIONS || !verdict.pass) complaints.push(`the load test failed: ${verdict.reason}`);
  const summary = `${connections.opened} connections, ${shares.join(" + ")} = ${messages.sent} messages, ${verdict.reason}`;
  return { summary, complaints };
}

/** The log has what the controller says to people too: the report is between two braces, and each of its other lines is indented. */
function reportOf(log: string): string | undefined {
  const lines = log.split("\n");
  const [start, end] = [lines.indexOf("{"), lines.lastIndexOf("}")];
  if (start < 0 || end < start) return undefined;
  return ["{", ...lines.slice(start + 1, end).filter((line) => line.startsWith(" ")), "}"].join("\n");
}

/** What is looked at of a report. */
interface Report {
  readonly connections: { readonly opened: number };
  readonly messages: { readonly sent: number };
  readonly agents: { readonly each: readonly { readonly messages: { readonly sent: number } }[] };
  readonly verdict: { readonly pass: boolean; readonly reason: string };
}

function of(cluster: Cluster, words: readonly string[]): string {
  return kubectl(cluster, [...IN_LOAD, ...words]);
}
