import { render } from "preact";
import { App } from "./app.tsx";
import { start } from "./box.ts";

start();
const root = document.querySelector("#app")!;
root.replaceChildren();
render(<App />, root);
