/** Largest message: 31 observations of 8 markets with 16 expiries each take about 340 KB. */
export const MAX_MESSAGE_BYTES = 524_288;

/** n = 3f + 1 with the largest f that the contracts count signatures for. */
export const MAX_KEEPERS = 31;
/** Markets of a report, as the contracts bound them. */
export const MAX_MARKETS = 8;
/** Expiries of one market, as the contracts bound them. */
export const MAX_SMILES = 16;
export const MAX_REPORT_SMILES = MAX_MARKETS * MAX_SMILES;
/** 1,024 scenarios of 8 markets take about 35 KB. */
export const MAX_SCENARIO_BYTES = 65_536;

export const MAX_UINT16 = 65_535;
export const MAX_UINT32 = 4_294_967_295;
export const MAX_UINT40 = 1_099_511_627_775;
