import { dnsView } from "./dns/mod.ts";
import type { PartView } from "./part-view.ts";
import { proxyView } from "./proxy/mod.ts";
import { tcpView } from "./tcp/mod.ts";

/** Parts with a view of their own, a line each. Every other part has the panel that it describes as data. */
export const PART_VIEWS: readonly PartView[] = [tcpView, proxyView, dnsView];
