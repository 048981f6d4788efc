export { type Environment, type Override, type UnusedVariable, withEnvironment } from "./environment.ts";
export { variableOf } from "./names.ts";
