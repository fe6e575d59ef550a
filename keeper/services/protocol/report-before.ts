import { isAfter } from "../../core/protocol/round-id.ts";
import { markOfReport, markOfStored, type ReportMark } from "../../core/report/report-mark.ts";
import type { LastReport, OracleHeader } from "../../ports/oracle-chain.ts";
import type { Finals } from "./finals.ts";
import type { ProtocolParts } from "./parts.ts";

/** The signed report that a new one is going to follow when the chain does not show it yet; null when there is none on its way. */
export function markOnItsWay(
  {
    finals,
    clock,
    parameters,
  }: Pick<ProtocolParts, "clock" | "parameters"> & { readonly finals: Pick<Finals, "newestReport"> },
  header: OracleHeader,
): ReportMark | null {
  const { newestReport } = finals;
  const isOnItsWay =
    newestReport !== null &&
    isAfter(newestReport, header) &&
    clock.nowSeconds() - newestReport.observedAt < parameters.transmissionSeconds;
  return isOnItsWay ? markOfReport(newestReport) : null;
}

/** What the chain holds of the last report; null before the first. */
export function markOfPosted({ header, markets }: LastReport): ReportMark | null {
  if (markets.size === 0) return null;
  const marks = [...markets].map(([market, stored]) => [market, markOfStored(stored)] as const);
  return { observedAtSeconds: header.observedAtSeconds, markets: new Map(marks) };
}
