import type { StatusAnswer } from "../../api.ts";
import type { ListenerView } from "../../tcp-api.ts";
import { useCell } from "../cell.ts";
import { Empty } from "../elements.tsx";
import { status } from "../instance.ts";
import { ListenerRow } from "./listener.tsx";

export function listenersOf(known: StatusAnswer | undefined): readonly ListenerView[] {
  return known?.parts.tcp?.listeners ?? [];
}

/** Every listener in a row of its own. */
export function TcpPanel() {
  const known = useCell(status);
  const listeners = listenersOf(known);
  return (
    <>
      <h2>Listeners</h2>
      {listeners.map((each) => (
        <ListenerRow key={each.name} listener={each} />
      ))}
      {known !== undefined && listeners.length === 0 && (
        <Empty title="No listener is running">
          Add one to the configuration, or start one by hand: <code>tenk up --listen 9091 --handler sink</code>
        </Empty>
      )}
    </>
  );
}
