import type { Interface, Provider, Signer, TransactionResponse } from "ethers";
import { z } from "zod";
import { KeeperRewards__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRewards__factory.ts";
import { KeeperSlashing__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperSlashing__factory.ts";
import { RiskOracle__factory } from "../../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import type { RiskReport } from "../../core/report/typed-data.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import type { SignedHead, SubmittedReport, WatchChain } from "../../ports/watch-chain.ts";
import { refusing } from "./refusal.ts";
import { hashHead, recover, reportHead } from "./wallet-signer.ts";

const SUBMIT = "submit";
const ORACLE = RiskOracle__factory.createInterface();
const REWARDS = KeeperRewards__factory.createInterface();
const hex = z.string().transform(asHex);
const submissionSchema = z.object({
  report: z.object({
    configDigest: hex,
    epoch: z.bigint(),
    round: z.bigint().transform(Number),
    observedAt: z.bigint().transform(Number),
    blockNumber: z.bigint(),
    blockHash: hex,
    pegBps: z.bigint().transform(Number),
    accountRoot: hex,
    markets: z.array(z.bigint()),
    smiles: z.array(z.bigint()),
  }),
  signatures: z.array(hex),
});

export interface WatchAddresses {
  readonly riskOracle: Hex;
  readonly keeperRewards: Hex;
  readonly keeperSlashing: Hex;
}

/** The transactions that bring reports, to the oracle or through the rewards, and the slashing contract through ethers; `prover` pays for proofs and gets the prover's part. */
export function createWatchChain(
  addresses: WatchAddresses,
  domain: SigningDomain,
  provider: Provider,
  prover: Signer,
): WatchChain {
  const slashing = KeeperSlashing__factory.connect(addresses.keeperSlashing, prover);
  const targets = [addresses.riskOracle, addresses.keeperRewards].map((address) => address.toLowerCase());
  const isSubmission = ({ to, data }: TransactionResponse) =>
    targets.includes(to?.toLowerCase() ?? "") && carriageOf(data).parseTransaction({ data })?.name === SUBMIT;
  return {
    headNumber: async () => BigInt(await provider.getBlockNumber()),
    submissions: async (first, last) => {
      const found: SubmittedReport[] = [];
      for (let number = first; number <= last; number++) {
        const block = await provider.getBlock(number, true);
        for (const transaction of block?.prefetchedTransactions.filter(isSubmission) ?? [])
          found.push(await readSubmission(transaction, domain, provider));
      }
      return found;
    },
    proveEquivocation: (first, second) =>
      refusing("proving an equivocation", [slashing.interface], async () => {
        const sent = await slashing.proveEquivocation(
          first.head,
          first.signature,
          second.head,
          second.signature,
        );
        await sent.wait();
        return asHex(sent.hash);
      }),
  };
}

async function readSubmission(
  { data, hash, blockNumber }: TransactionResponse,
  domain: SigningDomain,
  provider: Provider,
): Promise<SubmittedReport> {
  const { report, signatures } = decodeSubmission(data);
  const receipt = await provider.getTransactionReceipt(hash);
  return {
    transaction: asHex(hash),
    blockNumber: BigInt(blockNumber ?? 0),
    isAccepted: receipt?.status === 1,
    report,
    signatures: signatures.flatMap((signature) => signedHead(report, domain, signature)),
  };
}

function signedHead(report: RiskReport, domain: SigningDomain, signature: Hex): readonly SignedHead[] {
  const head = reportHead(report);
  const hash = hashHead(domain, head);
  const signer = recover(hash, signature);
  return signer === null ? [] : [{ head, hash, signature, signer }];
}

/** The contract whose `submit` the call is: both take the report and its signatures first. */
function carriageOf(data: string): Interface {
  return REWARDS.parseTransaction({ data }) === null ? ORACLE : REWARDS;
}

/** The call's arguments under the names of the contract's struct. */
function decodeSubmission(data: string) {
  const [report, signatures] = z
    .tuple([z.array(z.unknown()), z.unknown()])
    .rest(z.unknown())
    .parse(carriageOf(data).decodeFunctionData(SUBMIT, data).toArray(true));
  const fields = ORACLE.getFunction(SUBMIT).inputs[0]?.components ?? [];
  const named = Object.fromEntries(fields.map(({ name }, index) => [name, report[index]]));
  return submissionSchema.parse({ report: named, signatures });
}
