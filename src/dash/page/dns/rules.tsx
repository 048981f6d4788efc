import type { ClickedRulesAnswer } from "../../dns-api.ts";
import { type Column, DataTable } from "../data-table.tsx";
import { Foreign } from "../elements.tsx";
import { visible } from "../format.ts";
import type { Click } from "./rule-button.tsx";

const COLUMNS: readonly Column[] = [
  { title: "Name", isText: true },
  { title: "Rule", isText: true },
  { title: "Since", isText: true },
  { title: "Remove", class: "act", isUnseen: true },
];

/** The rules that were made on this page. */
export function Rules({
  answer: { file, rules },
  click,
}: {
  readonly answer: ClickedRulesAnswer;
  readonly click: Click;
}) {
  return (
    <>
      <h2>Allowed and blocked here</h2>
      <p class="note">
        Rules of the buttons above are kept in <code>{visible(file)}</code>. They beat all lists, and hold for all names
        below.
      </p>
      {rules.length > 0 && (
        <DataTable class="rules" name="Rules made here" columns={COLUMNS}>
          {rules.map(({ name, action, since }) => (
            <tr key={name}>
              <th scope="row" class="left name">
                <Foreign text={name} />
              </th>
              <td class="left">{action === "allow" ? "allowed" : "blocked"}</td>
              <td class="left">{since ?? "–"}</td>
              <td class="act">
                <button
                  type="button"
                  class="button small"
                  aria-label={`remove the rule on ${visible(name)}`}
                  onClick={() => click(name, "remove")}
                >
                  Remove
                </button>
              </td>
            </tr>
          ))}
        </DataTable>
      )}
    </>
  );
}
