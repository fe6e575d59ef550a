import { expect } from "chai";
import { loadParameters } from "../../../../deploy/parameter-file.ts";
import { configDigestOf, hashParameters } from "../../../../keeper/adapters/ethers/config-digest.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import l2 from "../../../../deploy/parameters/l2-template.json" with { type: "json" };
import { hashOf } from "../../../support/chain-facts.ts";
import { MEMBER_ADDRESSES } from "../../../support/keeper-status.ts";

describe("what a registry's digest names", () => {
  it("is agreed in the deployments' parameters: the hash of the default protocol parameters", async () => {
    const { keepers } = await loadParameters("local");
    expect(keepers.parametersHash).to.equal(hashParameters(DEFAULT_PARAMETERS));
    expect(l2.keepers.parametersHash).to.equal(hashParameters(DEFAULT_PARAMETERS));
    expect(hashParameters({ ...DEFAULT_PARAMETERS, slotSeconds: 16 })).not.to.equal(keepers.parametersHash);
  });

  it("is chain, registry, count, every entry, f and parameters: each changes the digest", () => {
    const [key = "0x", registry = "0x"] = MEMBER_ADDRESSES;
    const entry = { reportKey: key, networkKey: hashOf("01"), payee: key, endpoint: "/ip4/127.0.0.1/tcp/1" };
    const base = {
      chainId: 1n,
      registry,
      configCount: 1n,
      entries: [entry],
      faults: 1,
      parametersHash: hashOf("02"),
    };
    const others = [
      { chainId: 2n },
      { registry: key },
      { configCount: 2n },
      { faults: 2 },
      { parametersHash: hashOf("03") },
      { entries: [{ ...entry, endpoint: "/ip4/127.0.0.1/tcp/2" }] },
      { entries: [{ ...entry, networkKey: hashOf("02") }] },
      { entries: [{ ...entry, payee: registry }] },
    ].map((change) => configDigestOf({ ...base, ...change }));
    expect(new Set([configDigestOf(base), ...others]).size).to.equal(others.length + 1);
  });
});
