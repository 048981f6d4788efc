import type { ComponentChildren } from "preact";
import type { DnsStatisticsAnswer } from "../../dns-api.ts";
import { Foreign, Scrolled } from "../elements.tsx";
import { written } from "../format.ts";
import { type Click, type RuleAction, RuleButton } from "./rule-button.tsx";

interface TopsProps {
  readonly answer: DnsStatisticsAnswer;
  readonly hours: number;
  readonly ruleOf: ReadonlyMap<string, RuleAction>;
  readonly click: Click;
  pauseFor(client: string): void;
}

/** What was asked most. */
export function Tops({ answer, hours, ruleOf, click, pauseFor }: TopsProps) {
  const { queries, blockedShare, clients, blockedNames, allowedNames } = answer;
  const names = (list: DnsStatisticsAnswer["blockedNames"], action: RuleAction) =>
    list.map(({ name, queries: count }) => (
      <tr key={name}>
        <th scope="row" class="left name">
          <Foreign text={name} />
        </th>
        <td data-name="Queries">{written(count, "count")}</td>
        <td class="act">
          <RuleButton name={name} action={action} rule={ruleOf.get(name.toLowerCase())} click={click} />
        </td>
      </tr>
    ));
  return (
    <>
      <h2>Last {hours} hours</h2>
      <p class="note">
        {written(queries, "count")} queries, {written(blockedShare, "share")} of them blocked
      </p>
      <div class="grid report-grid tops">
        <Top title="Blocked names" columns={["Name", "Queries", ""]}>
          {names(blockedNames, "allow")}
        </Top>
        <Top title="Other names" columns={["Name", "Queries", ""]}>
          {names(allowedNames, "block")}
        </Top>
        <Top title="Clients" columns={["Client", "Queries", "Blocked", ""]}>
          {clients.map(({ client, name, queries: count, blocked }) => (
            <tr key={client}>
              <th scope="row" class="left name">
                <Foreign text={name ?? client} />
              </th>
              <td data-name="Queries">{written(count, "count")}</td>
              <td data-name="Blocked">{written(blocked / count, "share")}</td>
              <td class="act">
                <button
                  type="button"
                  class="button small"
                  title="Pause blocking for this client for 30 minutes"
                  aria-label={`pause blocking for ${client} for 30 minutes`}
                  onClick={() => pauseFor(client)}
                >
                  Pause
                </button>
              </td>
            </tr>
          ))}
        </Top>
      </div>
    </>
  );
}

interface TopProps {
  readonly title: string;
  readonly columns: readonly string[];
  readonly children: readonly ComponentChildren[];
}

function Top({ title, columns, children }: TopProps) {
  return (
    <section class="panel" aria-label={title}>
      <h3>{title}</h3>
      {children.length === 0 && <p class="note">none</p>}
      {children.length > 0 && (
        <Scrolled name={title}>
          <table class="data">
            <thead>
              <tr>
                {columns.map((column, index) => (
                  <th scope="col" key={column} class={index === 0 ? "left" : ""}>
                    {column === "" ? <span class="unseen">Change</span> : column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </Scrolled>
      )}
    </section>
  );
}
