import type { PartView } from "../part-view.ts";
import { ProxyPanel } from "./panel.tsx";
import { PROXY_CHARTED } from "./specs.ts";

/** The view of the part `proxy`. */
export const proxyView: PartView = { name: "proxy", charted: PROXY_CHARTED, Panel: ProxyPanel };
