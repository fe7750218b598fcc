/** A sale as whoever plans it expects it. */
export interface Crowd {
  /** People who are there when it opens, each with a socket. */
  readonly users: number
  readonly stock: number
  /** All of them press "buy" within this time. */
  readonly rushSeconds: number
  /** Of these calls those for the product that is wanted most, from 0 to 1. */
  readonly hotShare: number
  readonly transport: 'ws' | 'http'
}

/** What is bought to carry it. */
export interface Means {
  /** How much of a core is planned with, from 0 to 1: the rest is for what nobody expects. */
  readonly coreShare: number
  readonly coresPerNode: number
  readonly nodeHourPrice: number | undefined
  /** How long the machines are kept. */
  readonly hours: number
  /** How long the payment provider takes to answer. */
  readonly providerMs: number
}

export const usualCrowd = { rushSeconds: 10, hotShare: 1, transport: 'ws' } as const satisfies Partial<Crowd>
export const usualMeans: Means = { coreShare: 0.5, coresPerNode: 4, nodeHourPrice: undefined, hours: 2, providerMs: 500 }
