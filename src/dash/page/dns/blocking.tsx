import type { BlockingAnswer } from "../../dns-api.ts";
import { useAct } from "../act.tsx";
import { Foreign } from "../elements.tsx";
import { clock } from "../format.ts";
import { loadStatus } from "../instance.ts";

const MINUTE_MS = 60_000;
const PAUSES: readonly (readonly [words: string, ms: number])[] = [
  ["5 min", 5 * MINUTE_MS],
  ["30 min", 30 * MINUTE_MS],
  ["2 h", 120 * MINUTE_MS],
];

/** For the dialog that asks for the token. */
export const PAUSING = "Pausing or resuming blocking";

/** Whether names are blocked, and buttons to pause and resume that. */
export function BlockingControl({ blocking }: { readonly blocking: BlockingAnswer }) {
  const { isEnabled, pausedUntilMs, clients } = blocking;
  const { act, shown } = useAct(() => void loadStatus());
  const pause = (pauseMs: number, client?: string) =>
    act(PAUSING, "/api/dns/blocking", { pauseMs, ...(client !== undefined && { client }) });
  if (!isEnabled) return <p class="note raised">Blocking is off in the configuration.</p>;
  return (
    <div class="blocking">
      {pausedUntilMs === null ? (
        <>
          <span class="note">Pause blocking for</span>
          {PAUSES.map(([words, ms]) => (
            <button type="button" class="button small" key={words} onClick={() => void pause(ms)}>
              {words}
            </button>
          ))}
        </>
      ) : (
        <>
          <span class="raised">Blocking is paused until {clock(pausedUntilMs, false)}</span>
          <button type="button" class="button small" onClick={() => void pause(0)}>
            Resume
          </button>
        </>
      )}
      {clients.map(({ client, pausedUntilMs: untilMs }) => (
        <span key={client} class="paused-client">
          <span class="raised">
            Paused for <Foreign text={client} />
            {untilMs !== null && ` until ${clock(untilMs, false)}`}
          </span>
          <button
            type="button"
            class="button small"
            aria-label={`resume blocking for ${client}`}
            onClick={() => void pause(0, client)}
          >
            Resume
          </button>
        </span>
      ))}
      {shown}
    </div>
  );
}
