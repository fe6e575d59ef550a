import type { MarketRecords } from "../core/scenarios/history.ts";
import type { Hex } from "./hex.ts";

/** Turns a history into the encoded scenario set that it makes, without holding up the keeper meanwhile. */
export interface ScenarioBuilder {
  /**
   * The same history gives the same bytes on every machine.
   * @param histories markets rising
   * @throws ScenarioBuildFailed; the signal's reason when it aborts, which also ends the work
   */
  build(histories: readonly MarketRecords[], signal: AbortSignal): Promise<Hex>;
}

export type ScenarioBuildFailure =
  /** The history makes no set: it is too short, for instance. */
  | "no-set"
  /** It took longer than it may. */
  | "timed-out"
  /** The work ended without an answer. */
  | "broke-off";

/** This keeper could not build its own scenario set, so it can neither propose nor sign one. */
export class ScenarioBuildFailed extends Error {
  override readonly name = "ScenarioBuildFailed";
  readonly code: ScenarioBuildFailure;

  constructor(code: ScenarioBuildFailure, detail: string, options?: ErrorOptions) {
    super(`no scenario set was built: ${code}: ${detail}`, options);
    this.code = code;
  }
}
