// Loaded before a keeper's process (`node --import`): the real program, but what it says to its peers goes through an evil voice, and its report key signs
// twice. Which voice and with which random numbers, this module's own address says: `evil-keeper.ts?conduct=equivocating&seed=7`.
import { registerHooks } from "node:module";

const { search } = new URL(import.meta.url);
/** What the keeper's main module imports, and what it gets instead. */
const REPLACED = new Map([
  ["./cli/keeper/open-gossip.ts", new URL(`evil-gossip.ts${search}`, import.meta.url)],
  ["./adapters/ethers/wallet-signer.ts", new URL("evil-signer.ts", import.meta.url)],
]);

registerHooks({
  resolve: (specifier, context, next) => {
    const isMain = context.parentURL?.endsWith("/keeper/main.ts") === true;
    const other = isMain ? REPLACED.get(specifier) : undefined;
    return other === undefined ? next(specifier, context) : next(other.href, context);
  },
});
