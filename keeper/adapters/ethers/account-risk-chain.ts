import type { Provider } from "ethers";
import { ClearingHouse__factory } from "../../../types/ethers-contracts/factories/clearing/ClearingHouse__factory.ts";
import { RiskOracle__factory } from "../../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { MarginLens__factory } from "../../../types/ethers-contracts/factories/periphery/MarginLens__factory.ts";
import type { AccountRiskChain } from "../../ports/account-risk-chain.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import { findAcceptance } from "./accepted-report.ts";

export interface AccountRiskAddresses {
  readonly riskOracle: Hex;
  readonly clearingHouse: Hex;
  readonly marginLens: Hex;
}

/** The contracts that the account-risk table is read from, through ethers. */
export function createAccountRiskChain(
  { riskOracle, clearingHouse, marginLens }: AccountRiskAddresses,
  provider: Provider,
): AccountRiskChain {
  const oracle = RiskOracle__factory.connect(riskOracle, provider);
  const house = ClearingHouse__factory.connect(clearingHouse, provider);
  const lens = MarginLens__factory.connect(marginLens, provider);
  return {
    lastReport: async () => {
      const at = { blockTag: await provider.getBlockNumber() };
      const [header, accountRoot] = await Promise.all([oracle.header(at), oracle.accountRoot(at)]);
      return {
        epoch: header.epoch,
        round: Number(header.round),
        observedAtSeconds: Number(header.observedAt),
        accountRoot: asHex(accountRoot),
      };
    },
    acceptedIn: async ({ epoch, round }) => {
      const log = await findAcceptance(riskOracle, provider, { epoch, round: BigInt(round) });
      return log === null ? null : { number: BigInt(log.blockNumber), hash: asHex(log.blockHash) };
    },
    blockHash: async (number) => {
      const hash = (await provider.getBlock(number))?.hash ?? null;
      return hash === null ? null : asHex(hash);
    },
    accountCount: (blockTag) => house.accountCount({ blockTag }),
    margins: async (first, count, blockTag) =>
      (await lens.health(first, count, { blockTag })).map(({ account, margin }) => ({
        account,
        equityE6: margin.equityE6,
        initialE6: margin.initialE6,
        maintenanceE6: margin.maintenanceE6,
      })),
  };
}
