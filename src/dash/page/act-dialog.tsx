import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ClientError, keepToken } from "./client.ts";
import { Foreign, WhereTheTokenIs } from "./elements.tsx";

interface ActDialogProps {
  readonly title: string;
  /** What the action is called where it needs the token: `Closing a connection`. */
  readonly action: string;
  /** The buttons. */
  readonly keep: string;
  readonly go: string;
  readonly isDanger?: boolean;
  /** An error of an attempt that was made before the dialog opened. */
  readonly firstError?: ClientError;
  readonly children?: ComponentChildren;
  run(): Promise<unknown>;
  /** Called when it is closed, whatever happened. */
  done(): void;
}

/** Asks before it changes something; where the token is needed, says where it is and takes it. */
export function ActDialog({
  title,
  action,
  keep,
  go,
  isDanger = false,
  firstError,
  children,
  run,
  done,
}: ActDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState(firstError);
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const needsToken = error !== undefined && isAccessError(error);

  const act = async (event: Event) => {
    event.preventDefault();
    if (needsToken) keepToken(typed);
    setBusy(true);
    try {
      await run();
      dialog.current?.close();
    } catch (thrown) {
      if (!(thrown instanceof ClientError)) throw thrown;
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="act-title" onClose={done}>
      <form onSubmit={act}>
        <h2 id="act-title">{title}</h2>
        {children}
        {error !== undefined && !needsToken && (
          <p class="problem" role="alert">
            <Foreign text={`${error.message} ${error.hint}`} />
          </p>
        )}
        {needsToken && (
          <div class="problem" role="alert">
            <p>
              <strong>{action} needs the token.</strong> <WhereTheTokenIs />
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
            {keep}
          </button>
          <button type="submit" class={isDanger ? "button danger" : "button"} disabled={isBusy}>
            {go}
          </button>
        </div>
      </form>
    </dialog>
  );
}

export function isAccessError({ status }: ClientError): boolean {
  return status === 401 || status === 403;
}

function focus(element: HTMLElement | null): void {
  element?.focus();
}
