import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls, Command } from '../cluster/calls.ts'
import type { Clock } from '../cluster/world.ts'
import { op } from '../protocol/entry.ts'
import type { SkuId, UserId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { ReserveRequest } from '../protocol/reservation.ts'
import type { Challenges } from './challenges.ts'
import type { ClaimFollower } from './claim-follower.ts'
import type { ClaimReport } from './claim-questions.ts'
import type { Forwarder } from './forwarder.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { MethodBody, UserCall } from './method.ts'
import type { Presences } from './presence.ts'
import type { Views } from './views.ts'

export interface UserMethodsParts {
  readonly forwarder: Forwarder
  readonly calls: Calls
  readonly views: Views
  readonly follower: ClaimFollower
  readonly presences: Presences
  readonly challenges: Challenges
  readonly counters: GatewayCounters
  readonly clock: Clock
  readonly decodeReports: (bytes: Uint8Array) => CallResult<readonly ClaimReport[]>
}

const qtyMax = 1_000
const utf8 = new TextEncoder()

/** Methods that act for one user. The hot ones come here only in unusual encodings, from JSON and from HTTP. */
export function userMethods(parts: UserMethodsParts): readonly MethodBody[] {
  const { forwarder, challenges, presences } = parts
  return [
    {
      name: 'buy',
      role: 'user',
      run: (call) => {
        const { params, user } = call
        const sku = params.sku()
        const qty = params.integer('qty', 1, qtyMax, 1)
        const requestId = params.requestId()
        const proof = params.proof()
        params.end()
        const view = parts.views.find(sku)
        const buy = { op: op.buy, sku, user, qty, ...(requestId === undefined ? {} : { requestId }) }
        const goOn = (): void | Promise<void> => {
          const { saleLimitPerUser: limit, sale } = view?.settings ?? {}
          if (limit === undefined || sale === undefined) return forwarder.toInventory(call, buy)
          return reserveAndBuy(parts, call, buy, { sku, sale, qty, limit })
        }
        if (view === undefined) return goOn()
        view.buysHeard++
        return challenges.requires(view, call.connection.identity, presences.find(user)) ? proven(parts, call, buy, proof, goOn) : goOn()
      },
    },
    {
      name: 'challenge',
      role: 'user',
      run: async (call) => {
        const { params, user } = call
        const sku = params.sku()
        const requestId = params.neededRequestId()
        params.end()
        call.result(await challenges.issue(parts.views.find(sku), { user, sku, requestId }))
      },
    },
    {
      name: 'leave',
      role: 'user',
      run: (call) => {
        const { params, user } = call
        const sku = params.sku()
        const requestId = params.requestId()
        params.end()
        forwarder.toInventory(call, { op: op.leave, sku, user, ...(requestId === undefined ? {} : { requestId }) })
      },
    },
    {
      name: 'claim',
      role: 'user',
      run: (call) => {
        const sku = call.params.sku()
        call.params.end()
        forwarder.toInventory(call, { op: op.claim, sku, user: call.user })
      },
    },
    {
      name: 'checkout',
      role: 'user',
      run: (call) => {
        const { params, user } = call
        const sku = params.sku()
        const payment = params.payment()
        const requestId = params.requestId()
        params.end()
        const command = { op: op.checkout, sku, user, payload: utf8.encode(payment) }
        forwarder.toInventory(call, requestId === undefined ? command : { ...command, requestId })
      },
    },
    {
      name: 'order.get',
      role: 'user',
      run: (call) => {
        const { parts: order } = call.params.order()
        call.params.end()
        forwarder.toInventory(call, { op: op.orderGet, sku: order.sku, user: call.user, payload: packInner(order) })
      },
    },
    {
      name: 'order.cancel',
      role: 'user',
      run: (call) => {
        const { parts: order } = call.params.order()
        call.params.end()
        forwarder.toInventory(call, { op: op.orderCancel, sku: order.sku, user: call.user, payload: packInner(order) })
      },
    },
    {
      name: 'order.list',
      role: 'user',
      run: (call) => {
        call.params.end()
        forwarder.toSession(call, { op: op.orderList, user: call.user })
      },
    },
    {
      name: 'resume',
      role: 'user',
      run: (call) => {
        call.params.end()
        return resume(parts, call)
      },
    },
  ]
}

/** Goes on with a `buy` of a hot SKU when its proof of work is seen to be good. (SPEC POW-1) */
async function proven(
  { challenges, counters }: UserMethodsParts,
  call: UserCall,
  { sku, requestId }: { readonly sku: SkuId; readonly requestId?: string },
  proof: Plain,
  goOn: () => void | Promise<void>,
): Promise<void> {
  const refuse = (text?: string): void => {
    counters.layers.challenge++
    call.refuse('CHALLENGE_REQUIRED', text)
  }
  if (proof === null) return refuse()
  if (requestId === undefined) return refuse('A call with a proof of work has to carry the request id that the proof is for.')
  const fault = await challenges.fault({ user: call.user, sku, requestId }, proof)
  if (fault !== undefined) return refuse(fault)
  await goOn()
}

/**
 * The long way of a `buy` in a sale with a limit of its own: the user's session sets units aside, then the SKU's shard decides as ever. If this gateway dies in
 * between, or never hears the answer, the session finds out by itself what became of it. (SPEC LIM-20)
 */
async function reserveAndBuy(
  { calls, forwarder }: UserMethodsParts,
  call: UserCall,
  buy: Command & { readonly sku: SkuId; readonly user: UserId },
  request: ReserveRequest,
): Promise<void> {
  if (forwarder.refusesEarly(call, buy)) return
  const reserve = { op: op.reserve, user: buy.user, payload: packInner(request) }
  const reserved = await calls.request('ses', calls.shardOfText(buy.user), reserve)
  if (reserved.error !== null) return call.refusal(reserved.error)
  forwarder.toInventory(call, { ...buy, op: op.reservedBuy, payload: packInner(reserved.result) })
}

/** Gathers the user's claims with one question per shard that has SKUs. All of them have to answer: half a truth would look like a lost place. */
async function resume(parts: UserMethodsParts, call: UserCall): Promise<void> {
  const askedAt = parts.clock.monotonic()
  const shards = new Set([...parts.views.all()].map((view) => view.shard))
  const answers = await Promise.all([...shards].map((shard) => claimsIn(parts, call, shard)))
  const reports: ClaimReport[] = []
  for (const answer of answers) {
    if (answer.error !== null) return call.refusal(answer.error)
    reports.push(...answer.result)
  }
  const claims = parts.follower.latest(parts.presences.find(call.user), reports, askedAt).filter(({ state }) => state.state !== 'none')
  call.result({ claims: claims.map(({ sku, state }): Plain => ({ sku, ...state })) })
}

/** A user who has connected is followed from this answer on, at once: the broadcast behind it may say what has become of a claim in it. */
function claimsIn(parts: UserMethodsParts, call: UserCall, shard: number): Promise<CallResult<readonly ClaimReport[]>> {
  const askedAt = parts.clock.monotonic()
  return parts.calls.request<readonly ClaimReport[]>('inv', shard, { op: op.claimsOfUser, user: call.user }, (bytes) => {
    const answer = parts.decodeReports(bytes)
    const presence = parts.presences.find(call.user)
    if (answer.error === null && presence !== undefined) parts.follower.resumed(presence, shard, answer.result, askedAt, call.connection)
    return answer
  })
}
