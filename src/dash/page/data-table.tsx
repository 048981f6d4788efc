import type { ComponentChildren } from "preact";
import { Scrolled } from "./elements.tsx";

export interface Column {
  readonly title: string;
  /** Its cells have words, and are aligned to the left: give them the class `left`. @default {false} */
  readonly isText?: boolean;
  /** Its title is for screen readers alone. @default {false} */
  readonly isUnseen?: boolean;
  /** Of the heading. */
  readonly class?: string;
}

interface DataTableProps {
  /** For readers who reach it by keyboard. */
  readonly name: string;
  readonly class: string;
  readonly columns: readonly Column[];
  /** Above the table, in its panel. */
  readonly title?: ComponentChildren;
  /** Its rows. */
  readonly children: ComponentChildren;
}

/** A panel with a table that scrolls by itself where it is wider than the screen. */
export function DataTable({ name, class: more, columns, title, children }: DataTableProps) {
  return (
    <Scrolled class="panel" name={name}>
      {title}
      <table class={`data ${more}`}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                {column.isUnseen ? <span class="unseen">{column.title}</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scrolled>
  );
}

function classOf({ isText, class: own }: Column): string | undefined {
  const all = [isText ? "left" : "", own ?? ""].filter(Boolean).join(" ");
  return all === "" ? undefined : all;
}
