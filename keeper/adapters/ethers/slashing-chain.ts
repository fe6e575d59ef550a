import type { Provider } from "ethers";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { KeeperSlashing__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperSlashing__factory.ts";
import { KeeperStaking__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperStaking__factory.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { SlashingChain } from "../../ports/slashing-chain.ts";
import type { TransactionSender } from "../../ports/transaction-sender.ts";
import { selectorOf } from "./oracle-chain.ts";
import { sendOrRefuse } from "./refusal.ts";

const REGISTRY = KeeperRegistry__factory.createInterface();

export interface SlashingAddresses {
  readonly keeperSlashing: Hex;
  readonly keeperStaking: Hex;
}

/** The slashing contract through ethers; the account of `sender` pays for proofs and gets the prover's part. */
export function createSlashingChain(
  { keeperSlashing, keeperStaking }: SlashingAddresses,
  provider: Provider,
  sender: TransactionSender,
): SlashingChain {
  const slashing = KeeperSlashing__factory.createInterface();
  const staking = KeeperStaking__factory.connect(keeperStaking, provider);
  const isOut = async (reportKey: Hex): Promise<boolean> =>
    staking.isExpelled(await staking.operatorOf(reportKey));
  return {
    atStakeUnits: (reportKey) => staking.atStakeUnits(reportKey),
    proveEquivocation: async ({ signer, first, second }) => {
      const { configDigest, epoch, round } = first.head;
      const call = [first.head, first.signature, second.head, second.signature] as const;
      const sent = await sendOrRefuse(
        sender,
        "proving an equivocation",
        [slashing, staking.interface, REGISTRY],
        {
          id: `equivocation/${keeperSlashing}/${signer}/${configDigest}/${epoch.toString()}/${round.toString()}`,
          to: keeperSlashing,
          data: asHex(slashing.encodeFunctionData("proveEquivocation", [...call])),
          doneErrors: [selectorOf(staking.interface, "NoStakeLeft")],
        },
      );
      return sent.kind === "already-done" ? null : { hash: sent.hash, gasUsed: sent.gasUsed };
    },
    expel: async (reportKey) => {
      if (await isOut(reportKey)) return null;
      const sent = await sendOrRefuse(
        sender,
        "having a keeper without stake out",
        [staking.interface, REGISTRY],
        {
          id: `expel/${keeperStaking}/${reportKey}`,
          to: keeperStaking,
          data: asHex(staking.interface.encodeFunctionData("expel", [reportKey])),
          doneErrors: [],
        },
      );
      return sent.kind === "already-done" ? null : { hash: sent.hash, gasUsed: sent.gasUsed };
    },
  };
}
