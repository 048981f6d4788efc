import type { ProbedServiceView } from "../../probe-api.ts";
import { Foreign } from "../elements.tsx";
import { visible } from "../format.ts";

/** Anything else could be a script. */
const WEB = ["https://", "http://"];
const DAY_MS = 86_400_000;
/** A certificate that is over within so many days stands out. */
const SOON_DAYS = 14;

/** Where a browser opens it, as a link; what no browser speaks is text. */
export function Address({ view }: { readonly view: ProbedServiceView }) {
  const { url, address } = view;
  if (url && WEB.some((scheme) => url.startsWith(scheme))) {
    return (
      <a class="address" href={url} rel="noreferrer">
        <Foreign text={url.replace(WEB[0]!, "").replace(/\/$/, "")} />
      </a>
    );
  }
  if (address === undefined || address === "") return null;
  return (
    <code class="address" title={visible(address)}>
      <Foreign text={address} />
    </code>
  );
}

/** Version, role, days of the certificate. */
export function Facts({ view, nowMs }: { readonly view: ProbedServiceView; readonly nowMs: number }) {
  const { version, role, certificateUntilMs, after } = view;
  const facts = [version, role, after && `stands on ${after}`].filter(
    (text) => text !== null && text !== undefined && text !== "",
  );
  if (facts.length === 0 && certificateUntilMs === null) return null;
  return (
    <p class="note facts">
      {facts.map((text) => (
        <span key={text} title={visible(text!)}>
          <Foreign text={text!} />
        </span>
      ))}
      {certificateUntilMs !== null && <Certificate untilMs={certificateUntilMs} nowMs={nowMs} />}
    </p>
  );
}

interface CertificateProps {
  readonly untilMs: number;
  readonly nowMs: number;
  /** Without the word: a title says it. @default {false} */
  readonly isBare?: boolean;
}

export function Certificate({ untilMs, nowMs, isBare = false }: CertificateProps) {
  const text = certificateText(untilMs, nowMs);
  return (
    <span class={untilMs - nowMs < SOON_DAYS * DAY_MS ? "raised" : ""}>{isBare ? text : `certificate ${text}`}</span>
  );
}

/** `23 days` */
export function certificateText(untilMs: number, nowMs: number): string {
  if (untilMs <= nowMs) return "expired";
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  return days < 1 ? "ends today" : `${days} ${days === 1 ? "day" : "days"}`;
}
