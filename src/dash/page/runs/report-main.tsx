import { render } from "preact";
import type { RunAnswer } from "../../run.ts";
import { AppearanceButton } from "../appearance-button.tsx";
import { OneRun } from "./one-run.tsx";

/** The report as a file of its own: its data stands in the file, as text that is no program. */
const answer = JSON.parse(document.querySelector("#data")!.textContent!) as RunAnswer;

render(
  <>
    <header class="top">
      <h1 class="brand">tenk</h1>
      <p class="note">report of a run</p>
      <AppearanceButton />
    </header>
    <main>
      <OneRun answer={answer} />
    </main>
  </>,
  document.querySelector("#app")!,
);
