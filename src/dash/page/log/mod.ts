export { LogView } from "./log.tsx";
