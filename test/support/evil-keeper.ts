// Loaded before a keeper's process (`node --import`): the real program, but what it says to its peers goes through an evil voice, and its report key signs
// twice. Which voice and with which random numbers, it is told: `evil-keeper.ts?conduct=equivocating&seed=7`.
import { registerHooks } from "node:module";

/** What a module of the keeper imports, and what it gets instead. */
const REPLACED = [
  {
    by: "/keeper/cli/keeper/open-gossip.ts",
    imported: "../../adapters/libp2p/gossip.ts",
    other: "evil-gossip.ts",
  },
  { by: "/keeper/main.ts", imported: "./adapters/ethers/wallet-signer.ts", other: "evil-signer.ts" },
] as const;

registerHooks({
  resolve: (specifier, context, next) => {
    const found = REPLACED.find(
      ({ by, imported }) => specifier === imported && context.parentURL?.endsWith(by) === true,
    );
    return next(found === undefined ? specifier : new URL(found.other, import.meta.url).href, context);
  },
});
