/** Floor 2: readers of plain fields, the process's own cost, exposition for Prometheus. */

export { histogramIn, type Metric, type Report, registryOf } from "./registry.ts";
