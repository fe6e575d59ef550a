import type { ContractTransactionResponse, JsonRpcProvider } from "ethers";
import type { Clock } from "../../keeper/ports/clock.ts";

/** The chain's time, as the bots read it, and the means to move it. */
export interface ChainClock extends Clock {
  /** Reads the latest block; returns its number. */
  refresh(): Promise<number>;
  /** Mines a block at a time ahead of the chain's; what `send` sends is in that very block, so that nobody sees the time without it. */
  moveTo(seconds: number, send?: () => Promise<readonly ContractTransactionResponse[]>): Promise<void>;
  /** Mines a block so many seconds later. */
  advance(seconds: number): Promise<void>;
}

export async function createChainClock(provider: JsonRpcProvider): Promise<ChainClock> {
  let now = 0;
  const refresh = async () => {
    const block = await provider.getBlock("latest");
    if (block === null) throw new Error("the node has no block");
    now = block.timestamp;
    return block.number;
  };
  const moveTo: ChainClock["moveTo"] = async (seconds, send = () => Promise.resolve([])) => {
    await provider.send("evm_setAutomine", [false]);
    try {
      const sent = await send();
      await provider.send("evm_setNextBlockTimestamp", [seconds]);
      await provider.send("evm_mine", []);
      await Promise.all(sent.map((transaction) => transaction.wait()));
    } finally {
      await provider.send("evm_setAutomine", [true]);
    }
    await refresh();
  };
  await refresh();
  return {
    nowSeconds: () => now,
    refresh,
    moveTo,
    advance: async (seconds) => {
      await refresh();
      await moveTo(now + seconds);
    },
  };
}
