import { expect } from "chai";
import { TypedDataEncoder, Wallet, id } from "ethers";
import { createWalletSigner, hashHead, recover } from "../../../../keeper/adapters/ethers/wallet-signer.ts";
import { RISK_REPORT_TYPES } from "../../../../keeper/core/report/typed-data.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import { ORACLE_DOMAIN } from "../../../support/keeper-doubles.ts";
import { signedReport } from "../../../support/signed-reports.ts";

const WALLET = new Wallet(id("a report key"));
const SIGNER = createWalletSigner(WALLET);
const TYPES = { RiskReport: [...RISK_REPORT_TYPES.RiskReport] };
const headAt = (round: number) => SIGNER.headOf(signedReport(3n, round).report);

describe("a report key held by a wallet", () => {
  it("hashes a head as EIP-712 says, under whatever domain", () => {
    const other = { ...ORACLE_DOMAIN, chainId: ORACLE_DOMAIN.chainId + 1n };
    for (const domain of [ORACLE_DOMAIN, other, ORACLE_DOMAIN, { ...other }])
      for (const round of [1, 2])
        expect(hashHead(domain, headAt(round))).to.equal(
          TypedDataEncoder.hash({ ...domain }, TYPES, { ...headAt(round) }),
        );
  });

  it("knows who signed, however often and after however many others it is asked", async () => {
    const report = signedReport(3n, 1).report;
    const signature = await SIGNER.signReport(ORACLE_DOMAIN, report);
    for (let turn = 0; turn < 2; turn++) {
      expect(SIGNER.headSigner(ORACLE_DOMAIN, headAt(1), signature)).to.equal(WALLET.address);
      expect(SIGNER.headSigner(ORACLE_DOMAIN, headAt(2), signature)).not.to.equal(WALLET.address);
      for (let index = 0; index < 300; index++)
        expect(recover(id(index.toString()), asHex("0x5a"))).to.equal(null);
    }
  });
});
