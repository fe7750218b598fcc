/** A seed that once failed. It stays, whatever its run has become since: what it was good for once it may be good for again. */
export interface KeptSeed {
  readonly seed: number
  /** What went wrong, in a few words. */
  readonly name: string
  /** The mistake that it found, and where. */
  readonly found: string
}

export const keptSeeds: readonly KeptSeed[] = [
  {
    seed: 3,
    name: 'a word too late',
    found: 'A gateway told its user an older state of a claim after a newer one, because the bus had swapped two answers.',
  },
  { seed: 8, name: 'an order too late', found: 'The same, of an order that had ended.' },
  {
    seed: 39,
    name: 'a second wish',
    found: 'A request that had been told of another request’s claim began one of its own when it was repeated after that one’s end.',
  },
  {
    seed: 2002,
    name: 'whose place',
    found:
      'A line event did not say whose place it was, and a device took it for its old ticket; leaving a settled order said that there was nothing.',
  },
  {
    seed: 2123,
    name: 'nobody follows',
    found: 'A gateway followed no claim of a SKU that it had not heard of yet, so that its user heard nothing more of it.',
  },
  {
    seed: 2083,
    name: 'a resume that waited',
    found: 'A resume was answered with what shards had said before others answered, and took an order’s end back.',
  },
  {
    seed: 2745,
    name: 'the last burst',
    found: 'The client told a place before the answer that came ahead of it, when both came with the end of the connection.',
  },
  {
    seed: 1026,
    name: 'no, and then yes',
    found: 'A late copy of a checkout that had been refused ordered the next hold of its user.',
  },
  { seed: 1894, name: 'money for nothing', found: 'After a failover that lost an order nobody gave back what had been charged for it.' },
  { seed: 50020, name: 'a number twice', found: 'A checker did not know that claim numbers which a store has lost are given out again.' },
]

/** For each sabotage a seed that catches it, found by `npm run simulate -- --sabotage all --search`. */
export const catchingSeeds: Readonly<Record<string, number>> = {
  'no-fence': 1,
  'no-chain': 43,
  'reply-before-append': 1,
  'ungated-read': 1,
  'ungated-broadcast': 1,
  'no-dedupe': 1,
  'double-grant': 2,
  'leak-expired-hold': 1,
  'skip-outbox': 2,
  'line-overtake': 4,
  'late-payment-sold': 2,
  'lost-broadcast-not-repaired': 10,
  'limit-per-device': 2,
  'unconditional-snapshot': 1,
  'deadlines-by-local-clock': 1,
  'stale-view-refuses': 111,
}
