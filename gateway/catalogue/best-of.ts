/** Keeps the best `most` of any number of scored entries, in a heap whose root is the worst of them. Of the same score the lower number is better. */
export class BestOf {
  private readonly most: number
  private readonly scores: number[] = []
  private readonly numbers: number[] = []

  constructor(most: number) {
    this.most = most
  }

  offer(number: number, score: number): void {
    const { scores, numbers, most } = this
    if (scores.length < most) {
      scores.push(score)
      numbers.push(number)
      this.rise(scores.length - 1)
    } else if (this.isWorse(0, number, score)) {
      scores[0] = score
      numbers[0] = number
      this.sink()
    }
  }

  /** The best first. */
  ranked(): readonly number[] {
    const { scores, numbers } = this
    return numbers
      .map((number, at) => ({ number, score: scores[at] as number }))
      .sort((a, b) => b.score - a.score || a.number - b.number)
      .map(({ number }) => number)
  }

  /** The entry at `at` is worse than this one. */
  private isWorse(at: number, number: number, score: number): boolean {
    const other = this.scores[at] as number
    return other < score || (other === score && (this.numbers[at] as number) > number)
  }

  private rise(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.isWorse(at, this.numbers[parent] as number, this.scores[parent] as number)) return
      this.swap(at, parent)
      at = parent
    }
  }

  private sink(): void {
    let at = 0
    for (;;) {
      let worst = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child >= this.scores.length) continue
        if (this.isWorse(child, this.numbers[worst] as number, this.scores[worst] as number)) worst = child
      }
      if (worst === at) return
      this.swap(at, worst)
      at = worst
    }
  }

  private swap(a: number, b: number): void {
    const { scores, numbers } = this
    const score = scores[a] as number
    const number = numbers[a] as number
    scores[a] = scores[b] as number
    numbers[a] = numbers[b] as number
    scores[b] = score
    numbers[b] = number
  }
}
