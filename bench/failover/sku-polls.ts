import type { UserCalls } from '../../protocol/client/rpc-client.ts'

/** Whoever buys for any user. */
export interface AnyBuyer {
  as(user: string): Pick<UserCalls, 'buy'>
}

interface Answered {
  readonly askedAt: number
  readonly at: number
}

/** Buys of new users at each SKU, on schedule whatever becomes of those before; keeps when each was answered. Times are ms of `performance.now()`. */
export class SkuPolls {
  readonly failures: string[] = []
  private readonly buyer: AnyBuyer
  private readonly answers: ReadonlyMap<string, Answered[]>
  private readonly name: string
  private readonly timer: NodeJS.Timeout
  private readonly underWay = new Set<Promise<void>>()
  private asked = 0

  /** `name` makes the users different from those of other polls. */
  constructor(buyer: AnyBuyer, skus: readonly string[], everyMs: number, name: string) {
    this.buyer = buyer
    this.name = name
    this.answers = new Map(skus.map((sku) => [sku, []]))
    this.timer = setInterval(() => this.askAll(), everyMs)
  }

  /** Calls that each SKU has answered. */
  get answered(): readonly number[] {
    return [...this.answers.values()].map(({ length }) => length)
  }

  /** Every SKU has answered a buy that was sent after `since`. */
  hasAnswered(since: number): boolean {
    return [...this.answers.values()].every((answers) => answers.some(({ askedAt }) => askedAt >= since))
  }

  /** From `since` to the first answer to a buy that was sent later, for each SKU; only once {@link hasAnswered}. */
  firstAnswersMs(since: number): readonly number[] {
    return [...this.answers.values()].map((answers) => {
      const later = answers.filter(({ askedAt }) => askedAt >= since)
      return Math.min(...later.map(({ at }) => at)) - since
    })
  }

  /** The longest time in which a SKU answered nothing, for each SKU: from its first answer after `from` to its last. */
  longestSilencesMs(from: number): readonly number[] {
    return [...this.answers.values()].map((answers) => {
      const times = answers.map(({ at }) => at).filter((at) => at >= from)
      return Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)))
    })
  }

  /** Asks no more, and resolves when everything is answered. */
  async end(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all(this.underWay)
  }

  private askAll(): void {
    for (const [sku, answers] of this.answers) {
      const asked = this.ask(sku, answers).finally(() => this.underWay.delete(asked))
      this.underWay.add(asked)
    }
  }

  private async ask(sku: string, answers: Answered[]): Promise<void> {
    const askedAt = performance.now()
    try {
      await this.buyer.as(`${this.name}-${this.asked++}`).buy(sku)
      answers.push({ askedAt, at: performance.now() })
    } catch (error) {
      this.failures.push(`${sku}: ${String(error)}`)
    }
  }
}
