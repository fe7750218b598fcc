import type { ClaimState } from '../../protocol/results.ts'
import type { Complain } from './findings.ts'
import type { LiveBooks } from './live-books.ts'
import { explainsClaim, explainsLeft, wasLeft } from './said-claim.ts'
import type { SkuHistory, Span } from './sku-history.ts'
import type { Deed } from './told-story.ts'

/** A call of a client's, and when it was first made, in ms. */
export interface Question {
  readonly what: Deed | 'claim'
  readonly at: number
}

/** What a client was told of a user's claim, and when. */
export interface Word {
  readonly user: string
  readonly sku: string
  readonly said: ClaimState
  /** Undefined for what came by itself. */
  readonly question: Question | undefined
  readonly at: number
}

/**
 * Nothing was told that the journal does not have (G3): each word was true at some moment between its question and its arrival, by the times that the
 * records carry. So it also shows whoever answered from a state that was not the newest any more (G5). Client and owners go by one clock.
 */
export function checkWords(books: LiveBooks, words: Iterable<Word>, complain: Complain): void {
  for (const word of words) {
    const { user, sku, said, question, at } = word
    const found = books.withSku(sku)
    // Within the same ms nobody knows what came first.
    const from = question === undefined ? 0 : (found?.books.stepDecidedAt(question.at - 1) ?? 0)
    if (found === undefined || !wasTrue(found.history, word, { from, to: found.books.stepAtTime(at) }))
      complain(
        'G3',
        `${user} was told what the journal never had then: ${JSON.stringify(said)} of ${sku}, asked ${JSON.stringify(question)}`,
      )
  }
}

function wasTrue(history: SkuHistory, { user, said, question }: Word, span: Span): boolean {
  if (said.state !== 'none' || question === undefined || question.what === 'claim') return explainsClaim(history, user, said, span)
  // Who asks for units has something then, unless the same request's claim was left before.
  return question.what === 'buy' ? wasLeft(history, user, span) : explainsLeft(history, user, span)
}
