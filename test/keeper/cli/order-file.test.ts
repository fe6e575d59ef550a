import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { verifyTypedData, Wallet } from "ethers";
import { ORDER_TYPES } from "../../../keeper/core/report/typed-data.ts";
import { readSignedOrder, writeSignedOrder, type Order } from "../../../keeper/cli/order-file.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import { ORACLE_DOMAIN } from "../../support/keeper-doubles.ts";
import { inTemporaryFolder } from "../../support/deployment-record.ts";

const ORDER: Order = {
  account: 7n,
  instrument: 2n ** 127n,
  sizeE8: -50_000_000n,
  limitPriceE8: 123n,
  counterparty: 0n,
  reduceOnly: true,
  nonce: 2n ** 60n,
  deadline: 1_770_000_000,
};
const DOMAIN = { ...ORACLE_DOMAIN };

describe("a signed order's file", () => {
  it("keeps every digit, so that the signature still holds", async () => {
    const wallet = Wallet.createRandom();
    const signature = asHex(await wallet.signTypedData(DOMAIN, ORDER_TYPES, ORDER));
    inTemporaryFolder((folder) => {
      const file = join(folder, "order.json");
      writeSignedOrder(file, { name: "sell", order: ORDER, signer: wallet.address, signature });
      const read = readSignedOrder(file);
      expect(read.order).to.deep.equal(ORDER);
      expect(verifyTypedData(DOMAIN, ORDER_TYPES, read.order, read.signature)).to.equal(wallet.address);
    });
  });

  it("is refused by the name of what is wrong with it", () => {
    inTemporaryFolder((folder) => {
      const file = join(folder, "order.json");
      expect(() => readSignedOrder(file)).to.throw("cannot be read");
      const signer = Wallet.createRandom().address;
      writeSignedOrder(file, { name: "sell", order: ORDER, signer, signature: "0x00" });
      const text = readFileSync(file, "utf8");
      for (const [from, to, ...named] of [
        [
          '"sizeE8": "-50000000"',
          '"sizeE8": -50000000',
          "order.sizeE8",
          "expected string",
          "given: -50000000",
        ],
        ['"sizeE8": "-50000000"', '"sizeE8": "0.5"', "order.sizeE8", "a whole number", '"0.5"'],
        ['"account": "7"', '"account": "-7"', "order.account", "at least zero", '"-7"'],
        ['"deadline": 1770000000', '"deadline": -1', "order.deadline", ">=0", "given: -1"],
        [`"signer": "${signer}"`, '"signer": "me"', "signer", "expected an address", '"me"'],
        [`"signer": "${signer}",`, "", "signer", "given: nothing"],
        ['"signature": "0x00"', '"signature": "00"', "signature", "hexadecimal", '"00"'],
        ['"version": 1', '"version": 9', "version", "expected 1", "given: 9"],
        ['"reduceOnly": true', '"reduceOnly": true, "extra": 1', "extra"],
      ] as const) {
        expect(text).to.include(from);
        writeFileSync(file, text.replace(from, to));
        for (const part of named) expect(() => readSignedOrder(file), part).to.throw(part);
      }
    });
  });
});
