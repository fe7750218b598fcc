/** The bus's addresses. */
export type ShardKind = 'inv' | 'ses'

/** Where commands for a shard go, for example `sluice.inv.17`. */
export function shardSubject(kind: ShardKind, shard: number): string {
  return `sluice.${kind}.${shard}`
}

/** Where answers and notices for one run of a gateway (or a worker) go. */
export function replySubject(node: string): string {
  return `sluice.gw.${node}`
}

/** Where an inventory shard's broadcasts go. */
export function publicSubject(shard: number): string {
  return `sluice.public.${shard}`
}

/** Where every process hears who asks all of them. */
export const everyNodeSubject = 'sluice.nodes'

/** Where every gateway hears that bans have changed. */
export const bansSubject = 'sluice.bans'

/** Where every gateway hears that limits have changed. */
export const limitsSubject = 'sluice.limits'

/** Where every process that has to do with keys hears that they have changed. */
export const keysSubject = 'sluice.keys'

/** Where every gateway hears that products have changed. */
export const catalogueSubject = 'sluice.catalogue'

/** Where every gateway hears of users whose info has changed. */
export const usersSubject = 'sluice.users'

/** Where one run of a process hears from others. */
export function nodeSubject(node: string): string {
  return `sluice.node.${node}`
}

export type SubjectKind = 'commands' | 'answers' | 'broadcasts'

/** What is sent to a subject, so that a bus can give each its own way. */
export function kindOfSubject(subject: string): SubjectKind {
  if (subject.startsWith('sluice.gw.')) return 'answers'
  return subject.startsWith('sluice.public.') ? 'broadcasts' : 'commands'
}
