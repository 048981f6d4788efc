import { type ComponentChildren, Fragment } from "preact";
import { useState } from "preact/hooks";
import type { ClientError } from "./client.ts";
import { moment, visible } from "./format.ts";

/** Text from others: isolated, so that its writing direction affects nothing around it, and without invisible characters. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi>{visible(text)}</bdi>;
}

/** Says that there is nothing to show, and how to change that. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h3>{title}</h3>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** An error, and what to do about it. */
export function Problem({ error }: { readonly error: ClientError }) {
  const isAccess = error.status === 401 || error.status === 403;
  return (
    <div class="problem" role="alert">
      <strong>
        <Foreign text={sentence(error.message)} />
      </strong>{" "}
      {isAccess ? (
        <>
          <WhereTheTokenIs /> <a href="./">Open the page again</a> to log in.
        </>
      ) : (
        <Foreign text={error.hint} />
      )}
    </div>
  );
}

/** Returns the text as a sentence, with a capital and a full stop. */
export function sentence(text: string): string {
  const begun = text === "" ? text : `${text[0]!.toUpperCase()}${text.slice(1)}`;
  return begun === "" || /[.?!]$/.test(begun) ? begun : `${begun}.`;
}

export function WhereTheTokenIs() {
  return (
    <span>
      tenk made a token at its first start and printed it once, as a link. It is in the file <code>token</code> of the
      data folder: <code>~/.local/share/tenk/token</code>, or <code>/var/lib/tenk/token</code> where tenk runs as root.
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

/** The sign repeats the colour, for readers who do not see it. */
export function Verdict({ isPass }: { readonly isPass: boolean }) {
  return <span class={`verdict ${isPass ? "pass" : "fail"}`}>{isPass ? "✓ passed" : "✗ failed"}</span>;
}

const OUTCOMES: Readonly<Record<string, readonly [sign: string, words: string, tone: string]>> = {
  pass: ["✓", "passed", "pass"],
  stopped: ["■", "stopped", "stopped"],
  "not found": ["–", "limit not found", "stopped"],
};

/** The outcome of a run, in the words of `tenk load`. */
export function Outcome({ outcome }: { readonly outcome: string }) {
  const [sign, words, tone] = OUTCOMES[outcome] ?? ["✗", "failed", "fail"];
  return (
    <span class={`verdict ${tone}`}>
      {sign} {words}
    </span>
  );
}

/** A moment in the reader's time zone; its tooltip has it in UTC, as the command line prints it. */
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
  /** For screen readers: `the id`. */
  readonly name: string;
}

/** Short text that a click copies. */
export function Copied({ text, name }: CopiedProps) {
  const [isCopied, setCopied] = useState(false);
  const copy = (event: { readonly currentTarget: HTMLElement }) => {
    // Browsers give no clipboard to a page that came over plain HTTP: the text is selected, so that Ctrl+C copies it.
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
          {/* Lines break between words, not at the dashes of an option. */}
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

/** As `tenk runs show` and `compare` take it. */
export function RunId({ id }: { readonly id: string }) {
  return <Copied text={id} name="the run's id" />;
}

interface ScrolledProps {
  /** Its label, for readers who reach it by keyboard. */
  readonly name: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** Content that may be wider than the screen: it scrolls by itself, also by keyboard. */
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
