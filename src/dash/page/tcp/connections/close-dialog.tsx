import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ConnectionRow } from "../../../tcp-api.ts";
import { ClientError, change, keepToken } from "../../client.ts";
import { Foreign, WhereTheTokenIs } from "../../elements.tsx";
import { bytes, duration } from "../../format.ts";
import { peerOf } from "./table.tsx";

interface DialogProps {
  readonly listener: string;
  readonly connection: ConnectionRow;
  done(): void;
}

/** Asks before it closes; where the token is needed, says where it is and takes it. */
export function CloseDialog({ listener, connection, done }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<ClientError>();
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const needsToken = error?.status === 401 || error?.status === 403;

  const close = async (event: Event) => {
    event.preventDefault();
    if (needsToken) keepToken(typed);
    setBusy(true);
    try {
      await change("/api/tcp/connections/close", { listener, id: connection.id });
      dialog.current?.close();
    } catch (thrown) {
      if (!(thrown instanceof ClientError)) throw thrown;
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="close-title" onClose={done}>
      <form onSubmit={close}>
        <h2 id="close-title">Close this connection?</h2>
        <p>
          <strong>
            <Foreign text={peerOf(connection)} />
          </strong>{" "}
          on <Foreign text={listener} />, open for {duration(connection.ageMs)}, {bytes(connection.bytesRead)} read,{" "}
          {bytes(connection.bytesWritten)} written.
          {connection.queuedBytes > 0 && ` ${bytes(connection.queuedBytes)} in its write queue are lost.`}
        </p>
        {error !== undefined && !needsToken && (
          <p class="problem" role="alert">
            <Foreign text={`${error.message} ${error.hint}`} />
          </p>
        )}
        {needsToken && (
          <div class="problem" role="alert">
            <p>
              <strong>Closing a connection needs the token.</strong> <WhereTheTokenIs />
            </p>
            <label class="field">
              Token
              <input
                type="password"
                autoComplete="off"
                required
                ref={focus}
                value={typed}
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
            </label>
          </div>
        )}
        <div class="choices">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="submit" class="button danger" disabled={isBusy}>
            Close it
          </button>
        </div>
      </form>
    </dialog>
  );
}

function focus(element: HTMLElement | null): void {
  element?.focus();
}
