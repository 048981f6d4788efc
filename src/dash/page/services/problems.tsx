import type { ProblemView } from "../../api.ts";
import { Foreign } from "../elements.tsx";
import { hashOf } from "../route.ts";
import { lastedText, rootsOf, serviceOf, sinceText } from "./headline.ts";

/** Beyond these the list would push the tiles off the screen. */
const MOST = 6;

/** What is not well now, the worst first; what follows from another problem stands behind it. */
export function Problems({ problems, nowMs }: { readonly problems: readonly ProblemView[]; readonly nowMs: number }) {
  const roots = rootsOf(problems);
  return (
    <section aria-label="Problems">
      <ul class="problems panel">
        {roots.slice(0, MOST).map((each) => (
          <li key={each.key} class={signOf(each)[1]}>
            <span class="problem-sign" aria-hidden="true">
              {signOf(each)[0]}
            </span>
            <div class="problem-text">
              <strong>
                <Subject problem={each} />
              </strong>{" "}
              is <Foreign text={each.state} /> since <Since ms={each.sinceMs} nowMs={nowMs} />
              {each.reason !== "" && (
                <>
                  : <Foreign text={each.reason} />
                </>
              )}
              {each.isMuted === true && <span class="note"> It raises no alert.</span>}
              <Behind problems={problems.filter(({ behind }) => behind === each.key)} />
            </div>
          </li>
        ))}
        {roots.length > MOST && <li class="note">and {roots.length - MOST} more</li>}
      </ul>
    </section>
  );
}

function signOf({ severity, isMuted }: ProblemView): readonly [sign: string, tone: string] {
  if (isMuted === true) return ["■", "plain"];
  return severity === "critical" ? ["✗", "bad"] : ["▲", "warning"];
}

function Since({ ms, nowMs }: { readonly ms: number; readonly nowMs: number }) {
  return (
    <>
      <time dateTime={new Date(ms).toISOString()}>{sinceText(ms, nowMs)}</time> ({lastedText(nowMs - ms)})
    </>
  );
}

function Behind({ problems }: { readonly problems: readonly ProblemView[] }) {
  if (problems.length === 0) return null;
  return (
    <p class="note">
      Behind it:{" "}
      {problems.slice(0, MOST).map((each, at) => (
        <span key={each.key}>
          {at > 0 && ", "}
          <Subject problem={each} />
        </span>
      ))}
      {problems.length > MOST && ` and ${problems.length - MOST} more`}
    </p>
  );
}

/** A service's name leads to its page. */
function Subject({ problem }: { readonly problem: ProblemView }) {
  const service = serviceOf(problem);
  if (service === undefined) return <Foreign text={problem.subject} />;
  return (
    <a href={hashOf(["services", service])}>
      <Foreign text={problem.subject} />
    </a>
  );
}
