export { Chart } from "./chart.tsx";
export { stacked } from "./options.ts";
export { type ChartData, type ChartSource, type ChartSpec, type Line, TONES, type Tone } from "./spec.ts";
