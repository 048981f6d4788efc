import { lines, number, type Query } from "./panels.ts";
import { BOX, quantile, rate } from "./queries.ts";

/** The row of the name server. */
export function dns() {
  const perSecond = (name: string, by: string) => `sum by (${by}) (${rate(`tenk_dns_${name}`, BOX)})`;
  const answers = (verdict: string) => `sum(${rate("tenk_dns_answers_total", `${BOX},verdict=~"${verdict}"`)})`;
  const third = (title: string, help: string, unit: string, queries: readonly Query[], stacked = false) =>
    lines({ title, help, unit, queries, width: 8, stacked });
  return [
    number("Queries blocked", "Share of all queries.", "percentunit", `${answers("blocked")} / ${answers(".*")}`),
    number("From the cache", "Share of the queries that are neither local nor blocked.", "percentunit", `${answers("cached")} / ${answers("cached|forwarded")}`),
    number("Names on the lists", "Without duplicates.", "short", `tenk_dns_block_names{${BOX}}`),
    number("Blocking", "1 while names are blocked, 0 while blocking is paused or off.", "short", `tenk_dns_blocking_enabled{${BOX}}`),
    third("Queries by verdict", "Per second, by where the answer came from.", "reqps", [["{{verdict}}", perSecond("answers_total", "verdict")]], true),
    third("Queries by transport", "Per second.", "reqps", [["{{transport}}", perSecond("queries_total", "transport")]], true),
    third("Response codes", "Answers per second.", "reqps", [["{{rcode}}", perSecond("responses_total", "rcode")]]),
    third("Queries that were refused", "Per second: by reason, malformed, without an answer.", "reqps", [
      ["{{reason}}", perSecond("refused_total", "reason")],
      ["malformed: {{reason}}", perSecond("malformed_total", "reason")],
      ["without an answer", rate("tenk_dns_dropped_total", BOX)],
    ]),
    third("Time to answer of upstreams", "From the query to its answer.", "s", [
      ["{{upstream}} p50", quantile(0.5, "tenk_dns_upstream_response_seconds", BOX, "upstream")],
      ["{{upstream}} p99", quantile(0.99, "tenk_dns_upstream_response_seconds", BOX, "upstream")],
    ]),
    third("Failures of upstreams", "Per second, and questions that none answered.", "reqps", [
      ["{{upstream}}: {{reason}}", perSecond("upstream_failures_total", "upstream, reason")],
      ["unanswered", rate("tenk_dns_unanswered_questions_total", BOX)],
      ["too many at once", rate("tenk_dns_overloaded_total", BOX)],
    ]),
    third("Cache", "Answers in it; per second: evicted, refreshed, served past their TTL.", "short", [
      ["entries", `tenk_dns_cache_entries{${BOX}}`],
      ["evicted/s", rate("tenk_dns_cache_evicted_total", BOX)],
      ["refreshed/s", rate("tenk_dns_cache_refreshes_total", BOX)],
      ["stale/s", rate("tenk_dns_stale_answers_total", BOX)],
    ]),
    third("Names of each list", "And its lines that are no names or rules.", "short", [
      ["{{list}}", `tenk_dns_list_names{${BOX}}`],
      ["{{list}} invalid", `tenk_dns_list_invalid_lines{${BOX}}`],
    ]),
    third("Age of the lists", "Since each was last compared with its server's.", "s", [
      ["{{list}}", `time() - tenk_dns_list_checked_timestamp_seconds{${BOX}}`],
      ["failures/s: {{reason}}", perSecond("list_failures_total", "reason")],
    ]),
  ]; // biome-ignore format: a table
}
