import type { JsonRpcProvider } from "ethers";
import type { Clock } from "../../keeper/ports/clock.ts";

/** The chain's time, as the bots read it, and the means to move it. */
export interface ChainClock extends Clock {
  /** Reads the latest block; returns its number. */
  refresh(): Promise<number>;
  /** Mines a block at a time ahead of the chain's. */
  moveTo(seconds: number): Promise<void>;
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
  const moveTo = async (seconds: number) => {
    await provider.send("evm_setNextBlockTimestamp", [seconds]);
    await provider.send("evm_mine", []);
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
