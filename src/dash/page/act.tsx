import { useState } from "preact/hooks";
import { ActDialog, isAccessError } from "./act-dialog.tsx";
import { ClientError, change } from "./client.ts";
import { OwnProblem } from "./own-problem.tsx";

interface Attempt {
  /** `Blocking a name` */
  readonly action: string;
  readonly path: string;
  readonly body: object;
  readonly error: ClientError;
}

/**
 * Changes something by one click; asks for the token where that is refused.
 *
 * @param done called after a change
 * @returns what does it, and what to show beside
 */
export function useAct(done: () => void) {
  const [refused, setRefused] = useState<Attempt>();
  const [error, setError] = useState<ClientError>();
  const act = async (action: string, path: string, body: object) => {
    try {
      await change(path, body);
      setError(undefined);
      done();
    } catch (thrown) {
      if (!(thrown instanceof ClientError)) throw thrown;
      if (isAccessError(thrown)) setRefused({ action, path, body, error: thrown });
      else setError(thrown);
    }
  };
  const shown = (
    <>
      <OwnProblem error={error} />
      {refused !== undefined && (
        <ActDialog
          title="Authentication required"
          action={refused.action}
          keep="Leave it"
          go="Do it"
          firstError={refused.error}
          run={() => change(refused.path, refused.body)}
          done={() => {
            setRefused(undefined);
            done();
          }}
        />
      )}
    </>
  );
  return { act, shown };
}
