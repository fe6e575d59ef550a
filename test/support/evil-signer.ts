// Stands in the place of the wallet's signer in an evil keeper's process: the same key, which can be made to sign twice for a round.
import type { BaseWallet } from "ethers";
import * as real from "../../keeper/adapters/ethers/wallet-signer.ts";
import type { ReportSigner } from "../../keeper/ports/signer.ts";
import { createTwoFacedSigner, type TwoFacedSigner } from "./two-faced-signer.ts";

let made: TwoFacedSigner | null = null;

/** Second signatures are logged whole, so that whoever starts the process can carry them to the chain. */
export function createWalletSigner(wallet: BaseWallet): ReportSigner {
  const signer = real.createWalletSigner(wallet);
  made = createTwoFacedSigner(signer, (_head, signature, second) => {
    if (second === null) return;
    const report = JSON.stringify(second.report, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    console.log(JSON.stringify({ event: "signed-twice", signer: signer.address, report, signature }));
  });
  return made.signer;
}

export const twin: TwoFacedSigner["twin"] = (message) => made?.twin(message) ?? Promise.resolve(null);
