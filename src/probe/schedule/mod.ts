/** When each service is probed. */
export { type ProbeCounts, ProbedService, type ProbedServiceOptions } from "./probed-service.ts";
