import type { AccountRisk } from "../core/report/account-risk.ts";
import type { Hex } from "./hex.ts";

/** A row of the table under the root of the chain's last report, and what AccountRiskVerifier needs to believe it. */
export interface ProvenAccountRisk {
  readonly kind: "proven";
  readonly accountRoot: Hex;
  readonly row: AccountRisk;
  readonly leaf: Hex;
  /** Siblings from the leaf up. */
  readonly proof: readonly Hex[];
}

/** What a keeper can show of one account. */
export type AccountRiskAnswer =
  | ProvenAccountRisk
  /** The last report publishes no table. */
  | { readonly kind: "no-root" }
  /** This keeper did not make the table under that root. */
  | { readonly kind: "unknown-root"; readonly accountRoot: Hex }
  | { readonly kind: "no-account"; readonly accounts: number };
