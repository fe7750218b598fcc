import type { Clock } from '../cluster/world.ts'
import { type Ban, banReasonCharactersMax } from '../protocol/ban.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { AddressRanges, parseRange } from './address-ranges.ts'
import type { ChangeContent } from './audit-content.ts'
import type { Bans } from './bans.ts'
import type { Call, MethodBody } from './method.ts'

const listMost = 1_000
const skippedMost = 10_000

/** Methods for operators: who is kept out. */
export function banMethods(bans: Bans, clock: Clock): readonly MethodBody[] {
  return [
    { name: 'ban.add', role: 'operator', change: banContent, run: (call) => add(bans, clock, call) },
    { name: 'ban.remove', role: 'operator', change: banContent, run: (call) => remove(bans, call) },
    { name: 'ban.list', role: 'operator', run: (call) => list(bans, call) },
  ]
}

async function add(bans: Bans, clock: Clock, call: Call): Promise<void> {
  const { params } = call
  const target = targetOf(call)
  const bannedAt = clock.now()
  const until = params.integer('until', 0, Number.MAX_SAFE_INTEGER, forGood)
  const reason = params.line('reason', banReasonCharactersMax, '')
  params.end()
  if (until !== forGood && until <= bannedAt) return call.refuse('MALFORMED', 'param 3 (until) is over already')
  if (target.kind === 'range' && covers(target.target, call.connection.address))
    return call.refuse('FORBIDDEN', `Your own address ${call.connection.address} is in the range ${target.target}.`)
  const ban: Ban = { ...target, until: until === forGood ? null : until, reason, bannedAt }
  const before = bans.list().find((one) => one.kind === ban.kind && one.target === ban.target)
  const outcome = await bans.add(ban)
  if (outcome === 'kept') call.changed(untargeted(before), untargeted(ban))
  if (outcome === 'full') call.refuse('LIMIT_REACHED', 'There are as many bans as there can be; remove some, or ban a wider range.')
  else if (outcome === 'busy') call.refuse('BUSY', undefined, changeRetryMs)
  else call.result({ ...ban })
}

async function remove(bans: Bans, call: Call): Promise<void> {
  const target = targetOf(call)
  call.params.end()
  const before = bans.list().find((one) => one.kind === target.kind && one.target === target.target)
  const outcome = await bans.remove(target)
  if (outcome === 'kept') call.changed(untargeted(before), null)
  // To repeat it is harmless.
  if (outcome === 'busy') call.refuse('BUSY', undefined, changeRetryMs)
  else call.result({ ...target, removed: outcome === 'kept' })
}

/** Users stand in it by their pseudonyms, and of both only the reason is free text. */
const banContent: ChangeContent = ([kind = null, target = null, until = null, reason = null], pseudonymOf) => ({
  params: {
    ...{ kind, target: kind === 'user' && typeof target === 'string' ? pseudonymOf(target) : target },
    ...(until === null ? {} : { until }),
    ...(reason === null ? {} : { reason }),
  },
})

/** Whom it is about, the params say. */
function untargeted(ban: Ban | undefined): Plain {
  return ban === undefined ? null : { until: ban.until, reason: ban.reason, bannedAt: ban.bannedAt }
}

function list(bans: Bans, call: Call): void {
  const skip = call.params.integer('skip', 0, skippedMost, 0)
  const limit = call.params.integer('limit', 1, listMost, listMost)
  call.params.end()
  const all = bans.list()
  call.result({ total: all.length, bans: all.slice(skip, skip + limit).map((ban) => ({ ...ban })) })
}

function targetOf({ params }: Call): Pick<Ban, 'kind' | 'target'> {
  const kind = params.choice('kind', ['user', 'range'] as const)
  return { kind, target: kind === 'user' ? params.user() : params.range() }
}

function covers(range: string, address: string): boolean {
  const parsed = parseRange(range)
  return parsed !== undefined && new AddressRanges([[parsed, true]]).find(address, () => true) === true
}

/** Stands for a time that is left out. */
const forGood = 0
const changeRetryMs = 100
