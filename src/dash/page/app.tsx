import { useEffect, useState } from "preact/hooks";
import { AppearanceButton } from "./appearance-button.tsx";
import { problem, run, state, status } from "./box.ts";
import { useCell } from "./cell.ts";
import { ConnectionsView } from "./connections/mod.ts";
import type { LiveState } from "./live.ts";
import { LogView } from "./log/mod.ts";
import { NowView } from "./now/mod.ts";
import { Foreign, Problem } from "./parts.tsx";
import { RunsView } from "./runs/mod.ts";

const VIEWS = [
  ["now", "Now"],
  ["connections", "Connections"],
  ["runs", "Runs"],
  ["log", "Log"],
] as const;

/** `#/runs/12/14` → `["runs", "12", "14"]` */
function wordsOf(hash: string): string[] {
  const words = hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);
  return VIEWS.some(([name]) => name === words[0]) ? words : ["now"];
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

export function App() {
  const [words, setWords] = useState(() => wordsOf(location.hash));
  useEffect(() => {
    const moved = () => setWords(wordsOf(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const [view, ...ids] = words;
  useEffect(() => {
    document.title = `${VIEWS.find(([name]) => name === view)?.[1] ?? ""} · tenk`;
  }, [view]);
  const error = useCell(problem);
  return (
    <>
      <Header view={view ?? "now"} address={`#/${words.join("/")}`} />
      <main tabIndex={-1}>
        {error !== undefined && <Problem error={error} />}
        {view === "now" && <NowView />}
        {view === "connections" && <ConnectionsView />}
        {view === "runs" && <RunsView ids={ids} />}
        {view === "log" && <LogView />}
      </main>
    </>
  );
}

function Header({ view, address }: { readonly view: string; readonly address: string }) {
  const known = useCell(status);
  const running = useCell(run);
  return (
    <header class="top">
      <a class="skip" href={address} onClick={() => document.querySelector("main")?.focus()}>
        Skip to the content
      </a>
      <h1 class="brand">
        <img src="/assets/icon.svg" alt="" width={20} height={20} /> tenk
        {known !== undefined && (
          <span class="note">
            <Foreign text={known.tenk} />
          </span>
        )}
      </h1>
      <nav aria-label="Views">
        {VIEWS.map(([name, title]) => (
          <a key={name} href={`#/${name}`} aria-current={view === name ? "page" : undefined}>
            {title}
            {name === "runs" && running !== undefined && running.now.lostAt === undefined && (
              <span class="dot" title="a run is in progress">
                <span class="unseen"> (one in progress)</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      <LiveSign />
      <AppearanceButton />
    </header>
  );
}

const STATES: Readonly<Record<LiveState, readonly [sign: string, words: string]>> = {
  connecting: ["◌", "connecting"],
  live: ["●", "live"],
  reconnecting: ["◐", "reconnecting"],
  stopped: ["■", "stopped"],
};

function LiveSign() {
  const now = useCell(state);
  const [sign, words] = STATES[now];
  return (
    <p class={`live ${now}`} role="status">
      <span aria-hidden="true">{sign}</span> {words}
    </p>
  );
}
