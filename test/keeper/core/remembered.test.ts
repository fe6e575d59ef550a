import { expect } from "chai";
import { forgetOldest, remembered } from "../../../keeper/core/remembered.ts";

describe("what is remembered", () => {
  it("is computed once, no answer too, until so many others came that it was forgotten", () => {
    const asked: string[] = [];
    const answer = remembered((first: string, second: string) => {
      asked.push(`${first}${second}`);
      return second === "" ? null : second;
    }, 2);
    expect([answer("a", "b"), answer("a", ""), answer("a", "b"), answer("a", "")]).to.deep.equal([
      "b",
      null,
      "b",
      null,
    ]);
    expect(asked).to.deep.equal(["ab", "a"]);
    expect(answer("c", "d")).to.equal("d");
    expect(answer("a", "")).to.equal(null);
    expect(asked).to.deep.equal(["ab", "a", "cd"]);
    expect(answer("a", "b")).to.equal("b");
    expect(asked).to.deep.equal(["ab", "a", "cd", "ab"]);
  });

  it("is the newest of a map and of a set", () => {
    const map = new Map([
      ["a", 1],
      ["b", 2],
    ]);
    forgetOldest(map, 2);
    expect([...map.keys()]).to.deep.equal(["a", "b"]);
    map.set("c", 3);
    forgetOldest(map, 2);
    expect([...map.keys()]).to.deep.equal(["b", "c"]);
    const set = new Set([1]);
    forgetOldest(set, 0);
    expect(set.size).to.equal(0);
  });
});
