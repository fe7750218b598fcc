import { type SocketClient, SluiceError } from '../../protocol/client/index.ts'
import type { UserCalls } from '../../protocol/client/rpc-client.ts'
import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'
import type { Chance } from '../checkers/chance.ts'
import type { FairLine } from '../checkers/fair-line.ts'
import type { RequestCheck } from '../checkers/request-check.ts'
import { isLive, isOrder, numberOf, type ToldStory } from '../checkers/told-story.ts'
import type { Question, Word } from '../checkers/word-check.ts'

/** What a crowd is made of; shares are parts of 1. */
export interface Habits {
  /** Gives a hold back. */
  readonly leaveShare: number
  /** Pays with a card that is declined. */
  readonly declineShare: number
  /** Walks out of the line at some time. */
  readonly impatientShare: number
  /** Buys again after an end that was not a purchase. */
  readonly againShare: number
  /** The longest that anyone thinks about a hold. */
  readonly thinkMsMax: number
  /** Between two looks at the line; who is told by events does not look. */
  readonly lookMs: number
}

export interface ShopperParts {
  readonly user: string
  readonly sku: string
  readonly calls: UserCalls
  /** Events come by this one, where there is one. */
  readonly socket?: SocketClient
  readonly story: ToldStory
  readonly line: FairLine
  readonly chance: Chance
  readonly habits: Habits
  /** Payments may take longer than there is time for them. */
  readonly mayPayLate: boolean
  readonly requests: RequestCheck
  /** Everything that anyone hears. */
  readonly words: Word[]
  readonly complain: (problem: string) => void
}

const unsettled: ReadonlySet<string> = new Set(['pending', 'overdue', 'refunding'])
/** For any call: longer than everything that is done to the node, so that only an answer ends it. */
const deadlineMs = 60_000
/** Requests, and claims that have ended, are remembered for two minutes; until a question about them arrives it may be late. */
const rememberedMs = 60_000

/**
 * One person in a rush that goes on through whatever happens to the node: buys, looks or listens, leaves or pays, and tells everything that is heard
 * to the story. Calls are made one after another, so that what was asked and what was told have an order.
 */
export class Shopper {
  readonly user: string
  readonly sku: string
  readonly story: ToldStory
  isDone = false
  /** The latest request that got a claim. */
  requestId: string | undefined
  /** When it was first made. */
  private requestedAt = 0
  wasSoldOut = false
  /** A call had no outcome, or the rush was broken off. */
  private isCutShort = false
  /** Calls without an answer. */
  private underWay = 0
  private purchases = 0
  private readonly parts: ShopperParts
  private wake: () => void = () => {}

  constructor(parts: ShopperParts) {
    this.parts = parts
    this.user = parts.user
    this.sku = parts.sku
    this.story = parts.story
    if (parts.socket !== undefined) this.listen(parts.socket)
  }

  /** Nothing that was asked for is still to come, so that a question of somebody else's has one right answer. */
  get isQuiet(): boolean {
    return this.underWay === 0
  }

  /** The claim has ended, and may be forgotten by now. */
  private get isLongGone(): boolean {
    return !this.story.isLive && Date.now() > this.requestedAt + rememberedMs
  }

  /**
   * Asks what became of all that was told: by `claim`, or by making the request once more that got the claim, which gets the same one and no other.
   * Only while nothing is under way, for then there is one right answer; over the shopper's own connection, which keeps the order of what is told.
   */
  async audit(): Promise<void> {
    const { calls, sku, story, line, chance, complain, user } = this.parts
    const { requestId } = this
    const { version } = story
    if (version === 0 || this.underWay > 0 || this.isLongGone) return
    const served = line.servedSoFar
    const repeated = chance.is(0.3) ? requestId : undefined
    const question: Question = { what: repeated === undefined ? 'claim' : 'buy', at: Date.now() }
    try {
      const claim = await (repeated === undefined ? calls.claim(sku, { deadlineMs }) : calls.buy(sku, { requestId: repeated, deadlineMs }))
      this.outcome(repeated, claim)
      this.heard(claim, question)
      if (story.version === version && this.underWay === 0) this.told(claim, served)
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      this.outcome(repeated, error.code)
      // Whoever has nothing of what is sold out is told just that by the gateway, whichever way an earlier claim ended.
      const hasNothing = story.last.state === 'queued' || (!story.isLive && story.last.state !== 'paid')
      if (error.code !== 'SOLD_OUT' || !(hasNothing || (await this.hasEnded())))
        complain(`${user}: ${error.method} gave ${error.code} after ${JSON.stringify(story.last)}`)
    }
  }

  /** What was live a moment ago has come to its end since, and nobody has been told yet. */
  private async hasEnded(): Promise<boolean> {
    const { calls, sku } = this.parts
    const question: Question = { what: 'claim', at: Date.now() }
    const claim = await calls.claim(sku, { deadlineMs })
    this.heard(claim, question)
    return !isLive(claim) && claim.state !== 'refunding'
  }

  /** The whole visit: ends with a purchase, when everything is sold, or when the shopper has had enough. */
  async shop(): Promise<void> {
    const { chance, habits, story } = this.parts
    for (;;) {
      if (!(await this.buy())) break
      await this.follow()
      const ended = story.last.state
      if (this.isCutShort || ended === 'paid' || ended === 'soldout' || !chance.is(habits.againShare)) break
    }
    this.isDone = !this.isCutShort
  }

  /** An answer or event, whoever asked. `servedWhenAsked` is what the line said then. */
  private told(claim: ClaimState, servedWhenAsked: number): void {
    this.story.told(claim, Date.now())
    this.parts.line.told(claim, servedWhenAsked)
    this.wake()
  }

  private heard(said: ClaimState, question?: Question): void {
    const { user, sku, words } = this.parts
    words.push({ user, sku, said, question, at: Date.now() })
  }

  private outcome(requestId: string | undefined, outcome: ClaimState | Code): void {
    const { user, sku, requests } = this.parts
    if (requestId !== undefined) requests.told(user, sku, requestId, outcome)
  }

  /** True with a claim. */
  private async buy(): Promise<boolean> {
    const { calls, sku, story, requests, complain, user } = this.parts
    const requestId = `${user}.${++this.purchases}`
    story.asks('buy')
    requests.asks(user, sku, requestId)
    this.requestedAt = Date.now()
    const answer = await this.ask('buy', () => calls.buy(sku, { requestId, deadlineMs }))
    this.outcome(requestId, answer)
    if (answer === 'SOLD_OUT') {
      this.wasSoldOut = true
      return false
    }
    if (typeof answer === 'string') {
      complain(`${user}: a buy was refused with ${answer}`)
      return false
    }
    this.requestId = requestId
    return true
  }

  /** From the claim to its end. */
  private async follow(): Promise<void> {
    const { story, chance, habits, calls, sku } = this.parts
    const leavesLine = chance.is(habits.impatientShare)
    let looks = 1 + chance.below(8)
    while (story.isLive && !this.isCutShort) {
      const { last } = story
      if (last.state === 'held') await this.decide()
      else if (last.state === 'queued' && leavesLine && looks-- <= 0) await this.leave()
      else if (this.parts.socket === undefined || leavesLine) {
        await this.pause((0.5 + chance.next()) * habits.lookMs)
        if (story.version > 0 && this.parts.socket === undefined) await this.ask('claim', () => calls.claim(sku, { deadlineMs }))
      } else await this.news(story.version)
    }
  }

  private async decide(): Promise<void> {
    const { story, chance, habits, calls, sku, complain, user } = this.parts
    const hold = numberOf(story.last)
    await this.pause(chance.next() * habits.thinkMsMax)
    if (story.last.state !== 'held') return
    if (chance.is(habits.leaveShare)) return this.leave()
    const payment = chance.is(habits.declineShare) ? 'tok_declined' : 'tok_ok'
    story.asks('checkout')
    const order = await this.ask('checkout', () => calls.checkout(sku, payment, { deadlineMs }))
    if (typeof order === 'string') {
      // The hold may have ended on the way; that it had to is the story's to judge.
      if (order !== 'HOLD_EXPIRED' && order !== 'NO_HOLD') complain(`${user}: a checkout was refused with ${order}`)
      await this.ask('claim', () => calls.claim(sku, { deadlineMs }))
      return
    }
    if (numberOf(order) !== hold) complain(`${user}: the hold ${hold} became the order ${order.order}`)
    await this.settled(payment)
  }

  /** A payment has the outcome that its card has; one that comes too late may be given back, or not be taken any more. */
  private async settled(payment: string): Promise<void> {
    const { story, calls, sku, complain, user, habits, mayPayLate, socket } = this.parts
    while (unsettled.has(story.last.state) && !this.isCutShort) {
      if (socket !== undefined) await this.news(story.version)
      else {
        await this.pause(habits.lookMs)
        await this.ask('claim', () => calls.claim(sku, { deadlineMs }))
      }
    }
    if (this.isCutShort) return
    const wanted = payment === 'tok_ok' ? 'paid' : 'declined'
    const isLate = mayPayLate && payment === 'tok_ok' && (story.last.state === 'refunded' || story.last.state === 'declined')
    if (isOrder(story.last) && story.last.state !== wanted && !isLate)
      complain(`${user}: paid with ${payment}, and the order is ${story.last.state}`)
  }

  private async leave(): Promise<void> {
    const { story, calls, sku } = this.parts
    story.asks('leave')
    await this.ask('leave', () => calls.leave(sku, { deadlineMs }))
  }

  /** The answer, told to the story first; or the code of the refusal. */
  private async ask<T extends ClaimState>(what: Question['what'], call: () => Promise<T>): Promise<T | Code> {
    const { line, complain, user } = this.parts
    const served = line.servedSoFar
    const question: Question = { what, at: Date.now() }
    this.underWay++
    try {
      const answer = await call()
      this.heard(answer, question)
      this.told(answer, served)
      return answer
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      if (error.retry === 'unknown') {
        complain(`${user}: ${error.method} ended with ${error.code}: ${error.message}`)
        this.isCutShort = true
      }
      return error.code
    } finally {
      this.underWay--
    }
  }

  private listen(socket: SocketClient): void {
    const { sku } = this.parts
    // What the server says by itself is as old as the last moment, not as a question: the line is not asked how far it had come.
    const take = (claim: ClaimState): void => {
      this.heard(claim)
      this.told(claim, 0)
    }
    socket.on('line', (place) => {
      const { sku: of, ...queued } = place
      if (of === sku) take({ state: 'queued', ...queued })
    })
    socket.on('held', ({ sku: of, hold, qty, expiresAt }) => {
      if (of === sku) take({ state: 'held', hold, qty, expiresAt })
    })
    socket.on('expired', ({ sku: of }) => {
      if (of === sku) take({ state: 'expired' })
    })
    socket.on('soldout', ({ sku: of }) => {
      if (of === sku) take({ state: 'soldout' })
    })
    socket.on('order', (order) => {
      if (order.sku === sku) take(order)
    })
    socket.on('resumed', ({ claims }) => {
      const found = claims.find((claim) => claim.sku === sku)
      if (found !== undefined || !this.isLongGone) take(found ?? { state: 'none' })
    })
    socket.on('fault', (error) => this.parts.complain(`${this.user}: ${error.message}`))
  }

  private async news(version: number): Promise<void> {
    while (this.story.version === version) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms)
    })
  }
}
