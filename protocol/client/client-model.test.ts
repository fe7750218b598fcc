import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Code, codes } from '../codes.ts'
import type { Plain } from '../msgpack-writer.ts'
import { sweepEveryMs } from './calls.ts'
import { ClientCore, limitsOf } from './client-core.ts'
import { operatorCalls } from './operator-calls.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { ScriptedDial } from './scripted-connection.ts'
import { userCalls } from './user-calls.ts'
import { VirtualWorld } from './virtual-world.ts'

/** One thing that happens to a client, from any side. */
type Step =
  | { readonly kind: 'buy' | 'restock'; readonly deadlineMs: number }
  | { readonly kind: 'open' | 'end' | 'silence' | 'online' | 'held' | 'expired' }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'drain'; readonly withinMs: number }
  | { readonly kind: 'answer'; readonly which: number }
  | { readonly kind: 'refuse'; readonly which: number; readonly code: Code; readonly retryAfterMs: number | undefined }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('buy', 'restock'), deadlineMs: fc.integer({ min: 0, max: 20_000 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('open', 'open', 'open', 'end', 'online', 'held', 'expired') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: 0, max: 6_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain'), withinMs: fc.integer({ min: -5, max: 3_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer'), which: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('refuse'),
      which: fc.nat(5),
      code: fc.constantFrom(...codes),
      retryAfterMs: fc.option(fc.integer({ min: -1, max: 3_000 }), { nil: undefined }),
    }),
  },
)

interface Asked {
  readonly params: readonly Plain[]
  readonly deadlineAt: number
  readonly outcome: Outcome<unknown>
}

async function play(steps: readonly Step[], chance: number): Promise<void> {
  const world = new VirtualWorld()
  world.chance = chance
  const server = new ScriptedDial()
  const core = new ClientCore({ world, dial: server.dial, limits: limitsOf({}, 20), resumes: true, renews: true })
  const user = userCalls(world, core, core.watches)
  const operator = operatorCalls(core)
  const asked: Asked[] = []
  const answered = new Set<number>()

  for (const step of steps) {
    const connection = server.newest
    const open = connection.sent.filter((request) => !answered.has(request.msgid))
    switch (step.kind) {
      case 'buy':
      case 'restock': {
        const requestId = `r${asked.length}`
        const { deadlineMs } = step
        const call = step.kind === 'buy' ? user.buy('shoe', { requestId, deadlineMs }) : operator.restock(requestId, 1, { deadlineMs })
        const params = step.kind === 'buy' ? ['shoe', 1, requestId] : [requestId, 1]
        asked.push({ params, deadlineAt: world.now() + deadlineMs, outcome: outcomeOf<unknown>(call) })
        break
      }
      case 'open':
        if (core.state.kind === 'connecting') connection.open()
        break
      case 'end':
        connection.end()
        break
      case 'online':
        world.setNetwork(true)
        break
      case 'held':
        connection.notify('held', { sku: 'shoe', hold: 1, qty: 1, expiresAt: 1 })
        break
      case 'expired':
        connection.notify('expired', null)
        break
      case 'drain':
        connection.notify('drain', { withinMs: step.withinMs })
        break
      case 'pass':
        await world.advance(step.ms)
        break
      case 'answer': {
        const request = open[step.which]
        if (request === undefined) break
        answered.add(request.msgid)
        connection.result(request, request.method === 'resume' ? { claims: [] } : { state: 'none' })
        break
      }
      case 'refuse': {
        const request = open[step.which]
        if (request === undefined) break
        answered.add(request.msgid)
        const { code, retryAfterMs } = step
        connection.refuse(request, retryAfterMs === undefined ? { code, message: code } : { code, message: code, retryAfterMs })
        break
      }
      case 'silence':
        break
    }
    await world.advance(0)
    for (const { outcome, deadlineAt } of asked) {
      const settled = 'result' in outcome || 'error' in outcome
      if (!settled) expect(world.now(), 'a call outlived its deadline').toBeLessThan(deadlineAt + sweepEveryMs + 1)
    }
    expect(server.connections.filter((dialled) => !dialled.closed).length, 'connections at once').toBeLessThanOrEqual(1)
  }

  core.close()
  await world.advance(0)
  const requests = server.connections.flatMap((connection) => connection.sent)
  expect(new Set(requests.map((request) => request.msgid)).size, 'msgids').toBe(requests.length)
  for (const { params, outcome } of asked) {
    expect(Object.keys(outcome), 'settled exactly once').toHaveLength(1)
    const tries = requests.filter((request) => request.params.includes(params.at(-1) === 1 ? (params[0] ?? null) : (params.at(-1) ?? null)))
    for (const request of tries) expect(request.params, 'a repeat says the same').toEqual(params)
  }
  expect(world.leftovers, 'timers left behind').toBe(0)
}

test('SDK-36 whatever the server and the network do, each call ends once, by its deadline, and a repeat says the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (steps, chance) =>
      play(steps, chance),
    ),
    { numRuns: 400 },
  )
})
