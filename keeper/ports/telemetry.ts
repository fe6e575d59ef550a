export type TelemetryFields = Readonly<Record<string, string | number | boolean | bigint | null>>;

/** Structured log lines. Secrets never go in. */
export interface Telemetry {
  info(event: string, fields?: TelemetryFields): void;
  warn(event: string, fields?: TelemetryFields): void;
  error(event: string, fields?: TelemetryFields): void;
}
