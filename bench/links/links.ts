/** The links of the chain, in the order in which a call passes them. */
export const linkNames = ['gateway', 'bus', 'actor', 'store'] as const
export type LinkName = (typeof linkNames)[number]

/** What can be put under load of Sluice: one link, or all of them. */
export const targetNames = [...linkNames, 'all'] as const

/** As one process and as a cluster. */
export const sluiceNames = ['sluice', 'cluster'] as const
export type SluiceName = (typeof sluiceNames)[number]
