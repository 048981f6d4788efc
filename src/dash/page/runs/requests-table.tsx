import type { HttpSection } from "../../run.ts";
import { Foreign } from "../elements.tsx";
import { grouped, seconds } from "../format.ts";

interface TableProps {
  readonly requests: NonNullable<HttpSection["requests"]>;
  /** What each row is of. */
  readonly what?: string;
}

/** The requests of each URL, or the queries of each file; those first that were sent most often. */
export function RequestsTable({ requests, what = "URL" }: TableProps) {
  return (
    <table class="data requests">
      <thead>
        <tr>
          <th scope="col" class="left">
            {what}
          </th>
          {["Sent", "p50", "p90", "p99", "Errors", "Status"].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {requests
          .toSorted((a, b) => b.sent - a.sent)
          .map(({ name, sent, errors, status, latencyUs: { p50, p90, p99 } }) => (
            <tr key={name}>
              <th scope="row" class="left">
                <Foreign text={name} />
              </th>
              <td>{grouped(sent)}</td>
              {[p50, p90, p99].map((us, index) => (
                <td key={index}>{seconds(us / 1e6)}</td>
              ))}
              <td>{grouped(errors)}</td>
              <td>
                {Object.entries(status)
                  .map(([code, count]) => `${grouped(count)} ${code}`)
                  .join(", ")}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
