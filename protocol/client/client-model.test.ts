import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Code, codes, codeTable, type Refusal } from '../codes.ts'
import { sweepEveryMs } from './calls.ts'
import { ClientCore, limitsOf } from './client-core.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { ScriptedDial, type SentRequest } from './scripted-connection.ts'
import { VirtualWorld } from './virtual-world.ts'

/** One thing that happens to a client, from any side. */
type Step =
  | { readonly kind: 'call'; readonly repeat: 'always' | 'never'; readonly deadlineMs: number }
  | { readonly kind: 'open' | 'end' | 'online' | 'held' | 'nonsense' }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'drain'; readonly withinMs: number }
  | { readonly kind: 'answer'; readonly which: number }
  | { readonly kind: 'refuse'; readonly which: number; readonly code: Code; readonly retryAfterMs: number | undefined }

const callStep = fc.record({
  kind: fc.constant('call' as const),
  repeat: fc.constantFrom('always' as const, 'never' as const),
  deadlineMs: fc.integer({ min: 0, max: 20_000 }),
})
const plainStep = fc.record({ kind: fc.constantFrom('open', 'open', 'open', 'end', 'online', 'held', 'nonsense') })
const passStep = fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 6_000 }) })
const drainStep = fc.record({ kind: fc.constant('drain' as const), withinMs: fc.integer({ min: -5, max: 3_000 }) })
const answerStep = fc.record({ kind: fc.constant('answer' as const), which: fc.nat(5) })
const refuseStep = fc.record({
  kind: fc.constant('refuse' as const),
  which: fc.nat(5),
  code: fc.constantFrom(...codes),
  retryAfterMs: fc.option(fc.integer({ min: -1, max: 3_000 }), { nil: undefined }),
})
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: callStep },
    { weight: 4, arbitrary: plainStep },
    { weight: 4, arbitrary: passStep },
    { weight: 1, arbitrary: drainStep },
    { weight: 3, arbitrary: answerStep },
    { weight: 3, arbitrary: refuseStep },
  ),
  { maxLength: 60 },
)

interface Asked {
  readonly name: string
  readonly repeat: 'always' | 'never'
  readonly deadlineAt: number
  readonly outcome: Outcome<unknown>
}

/** A client, its server and what has become of it all. */
class History {
  readonly world = new VirtualWorld()
  readonly server = new ScriptedDial()
  readonly core = new ClientCore({
    world: this.world,
    dial: this.server.dial,
    limits: limitsOf({}, 20),
    resumes: true,
    renews: true,
  })
  readonly asked: Asked[] = []
  /** By msgid; undefined for a result. */
  readonly answers = new Map<number, Refusal | undefined>()
  readonly broken: string[] = []

  async take(step: Step): Promise<void> {
    const connection = this.server.newest
    switch (step.kind) {
      case 'call':
        this.call(step.repeat, step.deadlineMs)
        break
      case 'open':
        if (this.core.state.kind === 'connecting') connection.open()
        break
      case 'end':
        connection.end()
        break
      case 'online':
        this.world.setNetwork(true)
        break
      case 'held':
        connection.notify('held', { sku: 'shoe', hold: 1, qty: 1, expiresAt: 1 })
        break
      case 'nonsense':
        connection.notify('expired', null)
        break
      case 'drain':
        connection.notify('drain', { withinMs: step.withinMs })
        break
      case 'pass':
        await this.world.advance(step.ms)
        break
      case 'answer':
        this.answer(step.which, undefined)
        break
      case 'refuse':
        this.answer(step.which, {
          code: step.code,
          message: step.code,
          ...(step.retryAfterMs === undefined ? {} : { retryAfterMs: step.retryAfterMs }),
        })
        break
    }
    await this.world.advance(0)
    this.checkMoment()
  }

  async end(): Promise<readonly string[]> {
    this.core.close()
    await this.world.advance(0)
    const requests = this.server.connections.flatMap((connection) => connection.sent)
    this.law('a msgid is used once', new Set(requests.map((request) => request.msgid)).size === requests.length)
    for (const call of this.asked) {
      this.law('a call ends exactly once', Object.keys(call.outcome).length === 1)
      const tries = requests.filter((request) => request.params[0] === call.name)
      const before = tries.slice(0, -1).map((request) => this.answers.get(request.msgid))
      const harmless = before.every((answer) => answer !== undefined && codeTable[answer.code].retry !== 'unknown')
      this.law('what must not run twice is repeated only if nothing was done', call.repeat === 'always' || harmless)
      this.law('a result is final', !tries.slice(0, -1).some((request) => this.wasResult(request)))
    }
    this.law('nothing is left behind', this.world.leftovers === 0)
    return this.broken
  }

  private call(repeat: 'always' | 'never', deadlineMs: number): void {
    const name = `call-${this.asked.length}`
    const outcome = outcomeOf<unknown>(this.core.start({ method: 'work', params: [name], repeat, deadlineMs }))
    this.asked.push({ name, repeat, deadlineAt: this.world.now() + deadlineMs, outcome })
  }

  private answer(which: number, refusal: Refusal | undefined): void {
    const connection = this.server.newest
    const request = connection.sent.filter((sent) => !this.answers.has(sent.msgid))[which]
    if (request === undefined || connection.closed) return
    this.answers.set(request.msgid, refusal)
    if (refusal === undefined) connection.result(request, { claims: [] })
    else connection.refuse(request, refusal)
  }

  private wasResult(request: SentRequest): boolean {
    return this.answers.has(request.msgid) && this.answers.get(request.msgid) === undefined
  }

  private checkMoment(): void {
    const now = this.world.now()
    for (const { outcome, deadlineAt } of this.asked) {
      this.law('a call ends by its deadline', Object.keys(outcome).length === 1 || now <= deadlineAt + sweepEveryMs)
    }
    this.law('there is one connection at most', this.server.connections.filter((connection) => !connection.closed).length <= 1)
  }

  private law(name: string, holds: boolean): void {
    if (!holds) this.broken.push(name)
  }
}

test('SDK-36 whatever server and network do, each call ends once, by its deadline, and only what is safe is repeated', async () => {
  const random = fc.double({ min: 0, max: 0.999, noNaN: true })
  const property = fc.asyncProperty(steps, random, async (story, chance) => {
    const history = new History()
    history.world.chance = chance
    for (const step of story) await history.take(step)
    expect(await history.end()).toEqual([])
  })
  await expect(fc.assert(property, { numRuns: 400 })).resolves.toBeUndefined()
})
