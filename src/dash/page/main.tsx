import { render } from "preact";
import { App } from "./app.tsx";
import { start } from "./instance.ts";
import { MACHINE_SERIES } from "./machine/mod.ts";
import { PART_VIEWS } from "./part-views.ts";

start([...MACHINE_SERIES, ...PART_VIEWS.flatMap(({ charted }) => charted)]);
// The first paint does not wait for the charts: what stands in the document is seen, then they are made.
requestAnimationFrame(() =>
  setTimeout(() => {
    const root = document.querySelector("#app")!;
    root.replaceChildren();
    render(<App />, root);
  }),
);
