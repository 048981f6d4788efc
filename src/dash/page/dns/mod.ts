import type { PartView } from "../part-view.ts";
import { DnsPanel } from "./panel.tsx";
import { DNS_CHARTED, queriesSpec } from "./specs.ts";
import { DnsPage } from "./view.tsx";

/** The view of the part `dns`. */
export const dnsView: PartView = {
  name: "dns",
  charted: DNS_CHARTED,
  mainChart: queriesSpec,
  Panel: DnsPanel,
  tab: { name: "dns", title: "DNS", View: DnsPage },
};
