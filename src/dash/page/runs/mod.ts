export { RunsView } from "./runs.tsx";
