/** One thing to measure. */
export interface MicroCase {
  /** The suite and what is done: `line: people ahead`. */
  readonly name: string
  /** What one run does so many times; figures are told per operation. */
  readonly operations: number
  /** `buy`, `frame`, ...: what an operation is. */
  readonly unit: string
  run(): unknown
  /** Before each run, outside of the measured time. */
  prepare?(): void
}

export interface MicroCases {
  readonly cases: readonly MicroCase[]
  /** Ends what the cases share. */
  readonly close?: () => Promise<void>
}

/** Builds the cases about one part of the system. */
export type MicroSuite = () => Promise<MicroCases> | MicroCases
