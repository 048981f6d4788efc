import { useState } from "preact/hooks";
import type { DiscoverAnswer } from "../../probe-api.ts";
import { ActDialog, isAccessError } from "../act-dialog.tsx";
import { ClientError, change } from "../client.ts";
import { Copied, Scrolled } from "../elements.tsx";
import { visible } from "../format.ts";
import { OwnProblem } from "../own-problem.tsx";

const ROUTE = "/api/probe/discover";

interface UndeclaredProps {
  /** No service is declared. */
  readonly isFirst: boolean;
  /** The part runs that has the route. */
  readonly canLook: boolean;
}

/** What runs on this machine and is not declared, as text for the configuration. It is looked for on demand alone. */
export function Undeclared({ isFirst, canLook }: UndeclaredProps) {
  const title = isFirst ? "What runs here" : "What else runs here";
  return (
    <section class="undeclared" aria-label="Not declared">
      <h2>{title}</h2>
      {canLook ? (
        <Look />
      ) : (
        <p class="note">
          On the machine itself <Copied text="sudo tenk discover" name="the command" /> prints what listens there, as
          text for <code>tenk.yaml</code>.
        </p>
      )}
    </section>
  );
}

function Look() {
  const [answer, setAnswer] = useState<DiscoverAnswer>();
  const [error, setError] = useState<ClientError>();
  const [isLooking, setLooking] = useState(false);
  const look = async () => {
    setLooking(true);
    try {
      setAnswer(await change<DiscoverAnswer>(ROUTE, {}));
      setError(undefined);
    } catch (thrown) {
      if (!(thrown instanceof ClientError)) throw thrown;
      setError(thrown);
    } finally {
      setLooking(false);
    }
  };
  const needsToken = error !== undefined && isAccessError(error);
  return (
    <>
      <p class="note">
        tenk can look which programs listen on this machine and are not declared. A port whose program it does not know
        is greeted, which some servers log.
      </p>
      <p class="toolbar">
        <button type="button" class="button" disabled={isLooking} onClick={() => void look()}>
          {isLooking ? "Looking …" : "Look"}
        </button>
        <span role="status">{answer === undefined ? "" : foundText(answer)}</span>
      </p>
      {!needsToken && <OwnProblem error={error} />}
      {answer !== undefined && answer.found > 0 && <Block text={answer.text} />}
      {needsToken && (
        <ActDialog
          title="Authentication required"
          action="Looking for programs"
          keep="Leave it"
          go="Look"
          firstError={error}
          run={async () => setAnswer(await change<DiscoverAnswer>(ROUTE, {}))}
          done={() => setError(undefined)}
        />
      )}
    </>
  );
}

function foundText({ found, declared }: DiscoverAnswer): string {
  const known = declared === 0 ? "" : ` ${declared} ${declared === 1 ? "is" : "are"} declared already.`;
  if (found === 0) return `Nothing else was found.${known}`;
  return `${found} ${found === 1 ? "is" : "are"} not declared: copy what you want into tenk.yaml.${known}`;
}

/** Lines to copy. Browsers give no clipboard to a page that came over plain HTTP: then they are selected. */
function Block({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = (event: MouseEvent) => {
    const block = (event.currentTarget as Element).closest(".undeclared")!.querySelector("pre")!;
    getSelection()?.selectAllChildren(block);
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => {},
    );
  };
  return (
    <Scrolled name="Services to copy" class="panel">
      <button type="button" class="button small copy" onClick={copy} onBlur={() => setCopied(false)}>
        {isCopied ? "Copied" : "Copy"}
      </button>
      <pre>
        {text
          .split("\n")
          .map((line) => visible(line))
          .join("\n")}
      </pre>
    </Scrolled>
  );
}
