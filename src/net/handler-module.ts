export { freshVersion, loadHandler } from "./module/mod.ts";
