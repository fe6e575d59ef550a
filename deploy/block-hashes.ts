import type { Provider } from "ethers";

/** NUMBER, minus one, BLOCKHASH, returned as a word: what a contract's BLOCKHASH says of the block before its own. */
const HASH_OF_PARENT = "0x43600190034060005260206000f3";

/** A report names a recent block and its hash, and the oracle compares both with what the chain answers. */
export class ForeignBlockNumbers extends Error {
  readonly code = "foreign-block-numbers";

  constructor(chainId: bigint, height: number, answered: string) {
    super(
      `On chain ${chainId.toString()} contracts do not see the blocks that its nodes tell of: at block ${height} BLOCKHASH answers ${answered} for the ` +
        "block before. Arbitrum's chains count Ethereum's blocks, for one. The oracle would refuse every report there: choose a chain whose contracts see " +
        "its own blocks, such as one of the OP stack.",
    );
    this.name = "ForeignBlockNumbers";
  }
}

type Chain = Pick<Provider, "getBlockNumber" | "getBlock" | "getNetwork" | "call">;

/** @throws ForeignBlockNumbers where BLOCKHASH does not know the chain's own blocks */
export async function requireOwnBlocks(provider: Chain): Promise<void> {
  const height = await provider.getBlockNumber();
  // The first block has none before it.
  if (height === 0) return;
  const answered = await provider.call({ data: HASH_OF_PARENT, blockTag: height });
  // Some nodes call in the block itself, some in the one after it.
  const blocks = await Promise.all([height - 1, height].map((number) => provider.getBlock(number)));
  if (blocks.some((block) => block?.hash === answered)) return;
  throw new ForeignBlockNumbers((await provider.getNetwork()).chainId, height, answered);
}
