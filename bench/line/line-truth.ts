/** Who joined a line and who left it, as the shard told everybody. */
export class LineTruth {
  private readonly joined: number[] = []
  private readonly gone = new Set<number>()
  private readonly leftClaims: number[] = []
  private readonly leftAt: number[] = []

  /** Twice is once: after a change of owner a shard may say something again. */
  join(claim: number): void {
    if (claim > (this.joined.at(-1) ?? 0)) this.joined.push(claim)
  }

  /** `at`: the earliest time at which it can have been. */
  leave(claim: number, at: number): void {
    if (this.gone.has(claim)) return
    this.gone.add(claim)
    this.leftClaims.push(claim)
    this.leftAt.push(at)
  }

  get departures(): number {
    return this.leftClaims.length
  }

  get waiting(): number {
    return this.joined.length - this.leftClaims.length
  }

  /** Every number of people that were ever ahead of a claim, and when each began; undefined for a claim that never waited. */
  historyOf(claim: number): PlaceHistory | undefined {
    const rank = rankIn(this.joined, claim)
    if (this.joined[rank] !== claim) return undefined
    const fallsAt: number[] = []
    let leftAt: number | undefined
    for (let i = 0; i < this.leftClaims.length; i++) {
      const left = this.leftClaims[i] as number
      if (left < claim) fallsAt.push(this.leftAt[i] as number)
      else if (left === claim) {
        leftAt = this.leftAt[i]
        break
      }
    }
    return { first: rank, fallsAt, leftAt }
  }
}

/** How many were ahead when the claim joined and then one less at each of these times, until it left the line itself. */
export interface PlaceHistory {
  readonly first: number
  readonly fallsAt: readonly number[]
  readonly leftAt: number | undefined
}

export interface Shown {
  readonly at: number
  readonly ahead: number
}

export interface ShownCheck {
  /** For each place that was shown: for how long it had been wrong when the next one came, or at the end. */
  readonly lagsMs: readonly number[]
  readonly rises: number
  /** Places that were better than the truth. */
  readonly tooGood: number
  /** The last one is right. */
  readonly isRight: boolean
}

/** Holds what one client was shown against the truth; only what was still shown at `from` counts, and the last place until `to`. */
export function checkShown({ first, fallsAt, leftAt }: PlaceHistory, shown: readonly Shown[], from: number, to: number): ShownCheck {
  const lagsMs: number[] = []
  let rises = 0
  let tooGood = 0
  const until = Math.min(to, leftAt ?? Infinity)
  for (const [i, { at, ahead }] of shown.entries()) {
    const next = shown[i + 1]
    if (next !== undefined && next.ahead > ahead) rises++
    if (first - ahead > fallsAt.length || (ahead < first && (fallsAt[first - ahead - 1] as number) > at)) tooGood++
    const shownUntil = Math.min(next?.at ?? until, until)
    if (shownUntil < from) continue
    const wrongSince = fallsAt[first - ahead] ?? Infinity
    lagsMs.push(Math.max(0, shownUntil - wrongSince))
  }
  const last = shown.at(-1)
  return { lagsMs, rises, tooGood, isRight: leftAt !== undefined || last?.ahead === first - fallsAt.length }
}

/** How many of the rising numbers are below `value`. */
function rankIn(numbers: readonly number[], value: number): number {
  let from = 0
  let to = numbers.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((numbers[middle] as number) < value) from = middle + 1
    else to = middle
  }
  return from
}
