/** The `tcp:` section of a configuration: its schema, and its running listeners. */
export { type ListenerConfig, TCP_SCHEMA, type TcpConfig } from "./config.ts";
export { checkListeners, logFields, type RunningListener } from "./listener.ts";
export { Listeners } from "./listeners.ts";
export { type ModuleWatch, watchModules } from "./module-watch.ts";
