import { createPublicKey, sign, verify, createPrivateKey } from "node:crypto";
import { expect } from "chai";
import { KeystoreError } from "../../../../keeper/adapters/keystore/keystore-error.ts";
import {
  decryptNetworkKey,
  encryptNetworkKey,
  networkKeyOf,
  newNetworkKey,
  peerIdOf,
  publicKeyInFile,
} from "../../../../keeper/adapters/keystore/network-key.ts";

/** Weak on purpose: the test waits for it. */
const QUICK = 2;
const PASSWORD = "open sesame";

const refusal = async (run: () => unknown): Promise<KeystoreError> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof KeystoreError) return error;
    throw error;
  }
  throw new Error("a KeystoreError was expected");
};

describe("a network key", () => {
  it("has the public key of RFC 8032, test 1", () => {
    const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
    expect(networkKeyOf(seed).publicKey).to.equal(
      "0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    );
  });

  it("signs with its seed what its public key verifies", () => {
    const { seed, publicKey } = newNetworkKey();
    const secret = createPrivateKey({
      key: { kty: "OKP", crv: "Ed25519", d: Buffer.from(seed).toString("base64url"), x: "" },
      format: "jwk",
    });
    const message = Buffer.from("message");
    const x = Buffer.from(publicKey.slice(2), "hex").toString("base64url");
    const open = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(verify(null, message, open, sign(null, message, secret))).to.equal(true);
  });

  it("has a peer id that is the identity multihash of its protobuf form in base58", () => {
    const { publicKey, peerId } = newNetworkKey();
    expect(peerId).to.match(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/);
    expect(peerIdOf(publicKey)).to.equal(peerId);
  });

  it("comes back from its file with the right password only", async () => {
    const key = newNetworkKey();
    const json = await encryptNetworkKey(key, PASSWORD, QUICK);
    expect(json).not.to.include(Buffer.from(key.seed).toString("hex"));
    expect(publicKeyInFile(json, "file")).to.equal(key.publicKey);
    const opened = await decryptNetworkKey(json, PASSWORD, "file");
    expect(opened).to.deep.equal({ ...key, seed: Buffer.from(key.seed) });
    const wrong = await refusal(() => decryptNetworkKey(json, "guess", "file"));
    expect(wrong.code).to.equal("wrong-password");
    expect(`${wrong.message} ${wrong.advice}`).not.to.include("guess");
  });

  it("is refused when its file was changed: public key, text or tag", async () => {
    const json = await encryptNetworkKey(newNetworkKey(), PASSWORD, QUICK);
    const other = newNetworkKey().publicKey;
    const swapped = json.replace(publicKeyInFile(json, "file"), other);
    expect((await refusal(() => decryptNetworkKey(swapped, PASSWORD, "file"))).code).to.equal(
      "wrong-password",
    );
    const broken = json.replace(/"version":1/, '"version":2');
    expect((await refusal(() => decryptNetworkKey(broken, PASSWORD, "file"))).code).to.equal("bad-key-file");
    const { scrypt, ...rest } = JSON.parse(json) as { scrypt: object };
    for (const cost of [3, 2 ** 40]) {
      const greedy = JSON.stringify({ ...rest, scrypt: { ...scrypt, cost } });
      expect((await refusal(() => decryptNetworkKey(greedy, PASSWORD, "file"))).code).to.equal(
        "bad-key-file",
      );
    }
    expect((await refusal(() => publicKeyInFile("no json", "file"))).code).to.equal("bad-key-file");
  });

  it("is refused with another length", async () => {
    expect((await refusal(() => networkKeyOf(new Uint8Array(31)))).message).to.include("this one has 31");
  });
});
