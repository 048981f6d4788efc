import { useEffect, useState } from "preact/hooks";
import { useCell } from "./cell.ts";
import { ask, ClientError, change } from "./client.ts";
import { problem, reconnects } from "./instance.ts";

/** Shown to those who have a session: access by address alone has nothing to log out of. */
export function LogOutButton() {
  const [hasSession, setHasSession] = useState(false);
  const back = useCell(reconnects);
  useEffect(() => {
    ask<{ session: boolean }>("/logout").then(
      ({ session }) => setHasSession(session),
      () => undefined, // The views show the error.
    );
  }, [back]);
  if (!hasSession) return null;
  return (
    <button type="button" class="button icon" aria-label="Log out" title="Log out" onClick={logOut}>
      <svg
        viewBox="0 0 20 20"
        width="16"
        height="16"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        aria-hidden="true"
      >
        <path d="M8 3H4v14h4M8 10h9m-3.5-3.5L17 10l-3.5 3.5" />
      </svg>
    </button>
  );
}

/** Loads the page again: what it shows was for the session that ended. */
async function logOut(): Promise<void> {
  try {
    await change("/logout", {});
    location.assign("./");
  } catch (error) {
    if (error instanceof ClientError) problem.set(error);
  }
}
