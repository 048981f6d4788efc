import { type ComponentChildren, Fragment } from "preact";
import { useState } from "preact/hooks";
import type { ClientError } from "./client.ts";
import { moment, visible } from "./format.ts";

/** Text from elsewhere: isolated, so that its direction of writing stays inside, and with nothing hidden in it. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi>{visible(text)}</bdi>;
}

/** Nothing to show, and what makes that there is something. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h3>{title}</h3>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** What went wrong, and what to do about it. */
export function Problem({ error }: { readonly error: ClientError }) {
  const isAccess = error.status === 401 || error.status === 403;
  return (
    <div class="problem" role="alert">
      <strong>
        <Foreign text={sentence(error.message)} />
      </strong>{" "}
      {isAccess ? (
        <>
          <WhereTheTokenIs /> <a href="./">Open the page again</a> to be asked for it.
        </>
      ) : (
        <Foreign text={error.hint} />
      )}
    </div>
  );
}

/** Ends it with a full stop, and begins it with a capital. */
export function sentence(text: string): string {
  const begun = text === "" ? text : `${text[0]!.toUpperCase()}${text.slice(1)}`;
  return begun === "" || /[.?!]$/.test(begun) ? begun : `${begun}.`;
}

export function WhereTheTokenIs() {
  return (
    <span>
      tenk made a token at its first start and printed it once as a link. It stands in the file <code>token</code> of
      its data folder: <code>~/.local/share/tenk/token</code>, or <code>/var/lib/tenk/token</code> where tenk runs as
      root.
    </span>
  );
}

/** A share of something, 0 to 1, as a bar beside its number. */
export function Bar({ share }: { readonly share: number }) {
  const percent = Math.min(100, Math.max(0, share * 100));
  const level = percent >= 90 ? "high" : percent >= 75 ? "raised" : "calm";
  return (
    <span class="bar" aria-hidden="true">
      <span class={`bar-fill ${level}`} style={{ width: `${percent}%` }} />
    </span>
  );
}

/** A sign for what a colour says. */
export function Verdict({ isPass }: { readonly isPass: boolean }) {
  return <span class={`verdict ${isPass ? "pass" : "fail"}`}>{isPass ? "✓ passed" : "✗ failed"}</span>;
}

const OUTCOMES: Readonly<Record<string, readonly [sign: string, words: string, tone: string]>> = {
  pass: ["✓", "passed", "pass"],
  stopped: ["■", "stopped", "stopped"],
  "not found": ["–", "limit not found", "stopped"],
};

/** How a run came out: as `tenk load` says it at its end. */
export function Outcome({ outcome }: { readonly outcome: string }) {
  const [sign, words, tone] = OUTCOMES[outcome] ?? ["✗", "failed", "fail"];
  return (
    <span class={`verdict ${tone}`}>
      {sign} {words}
    </span>
  );
}

/** A moment on the reader's own clock; the same in UTC, as the command line has it, to who points at it. */
export function Moment({ ms }: { readonly ms: number }) {
  const utc = new Date(ms).toISOString();
  return (
    <time dateTime={utc} title={`${utc.slice(0, 19).replace("T", " ")} UTC`}>
      {moment(ms)}
    </time>
  );
}

interface CopiedProps {
  readonly text: string;
  /** What it is, for those who hear it: `the id`. */
  readonly name: string;
}

/** Short text that is wanted elsewhere: a click copies it. */
export function Copied({ text, name }: CopiedProps) {
  const [isCopied, setCopied] = useState(false);
  const copy = (event: { readonly currentTarget: HTMLElement }) => {
    // A page that is not from this machine, nor by TLS, has no clipboard: marked, a key copies it.
    getSelection()?.selectAllChildren(event.currentTarget.querySelector("code")!);
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => {},
    );
  };
  return (
    <span class="copied">
      <button
        type="button"
        title={`Copy ${name}`}
        aria-label={`${text}: copy ${name}`}
        onClick={copy}
        onBlur={() => setCopied(false)}
      >
        <code>
          {/* Lines end between words, not at the dashes of an option. */}
          {text.split(" ").map((word, at) => (
            <Fragment key={at}>
              {at > 0 && " "}
              <span class="word">
                <Foreign text={word} />
              </span>
            </Fragment>
          ))}
        </code>
      </button>
      <span role="status">{isCopied ? "copied" : ""}</span>
    </span>
  );
}

/** As `tenk runs show` and `compare` want it. */
export function RunId({ id }: { readonly id: string }) {
  return <Copied text={id} name="the run's id" />;
}

interface ScrolledProps {
  /** What is in it, for those who come by keyboard. */
  readonly name: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** What may be wider than the screen: scrolled in itself, also by keyboard. */
export function Scrolled({ name, class: more = "", children }: ScrolledProps) {
  return (
    <section
      class={`scrolled ${more}`}
      aria-label={name}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      {children}
    </section>
  );
}
