/** The `tcp:` section of a configuration: its words, and its listeners as they run. */
export { type ListenerConfig, TCP_SCHEMA, type TcpConfig } from "./config.ts";
export { checkListeners, type RunningListener, saidOf } from "./listener.ts";
export { Listeners } from "./listeners.ts";
export { type ModuleWatch, watchModules } from "./module-watch.ts";
