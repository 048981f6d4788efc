export { Machine } from "./machine.tsx";
export { MACHINE_SERIES } from "./specs.ts";
