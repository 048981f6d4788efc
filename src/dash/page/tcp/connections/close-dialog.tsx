import type { ConnectionRow } from "../../../tcp-api.ts";
import { ActDialog } from "../../act-dialog.tsx";
import { change } from "../../client.ts";
import { Foreign } from "../../elements.tsx";
import { bytes, duration } from "../../format.ts";
import { peerOf } from "./table.tsx";

interface DialogProps {
  readonly listener: string;
  readonly connection: ConnectionRow;
  done(): void;
}

/** Asks before it closes a connection. */
export function CloseDialog({ listener, connection, done }: DialogProps) {
  return (
    <ActDialog
      title="Close this connection?"
      action="Closing a connection"
      keep="Keep it"
      go="Close it"
      isDanger
      run={() => change("/api/tcp/connections/close", { listener, id: connection.id })}
      done={done}
    >
      <p>
        <strong>
          <Foreign text={peerOf(connection)} />
        </strong>{" "}
        on <Foreign text={listener} />, open for {duration(connection.ageMs)}, {bytes(connection.bytesRead)} read,{" "}
        {bytes(connection.bytesWritten)} written.
        {connection.queuedBytes > 0 && ` ${bytes(connection.queuedBytes)} in its write queue are lost.`}
      </p>
    </ActDialog>
  );
}
