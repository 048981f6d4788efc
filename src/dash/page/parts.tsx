import type { ComponentChildren } from "preact";
import type { ClientError } from "./client.ts";
import { visible } from "./format.ts";

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
          <WhereTheTokenIs /> <a href="/">Open the page again</a> to be asked for it.
        </>
      ) : (
        <Foreign text={error.hint} />
      )}
    </div>
  );
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
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
