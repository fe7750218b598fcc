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
  {
    seed: 80057,
    name: 'a full mailbox',
    found: 'A gateway whose question for claims was refused as BUSY never asked again, and their users heard nothing.',
  },
  { seed: 30035, name: 'an absent shard', found: 'The same, of a question that found nobody who owned the shard.' },
  { seed: 30037, name: 'an absent shard again', found: 'The same once more, of an order that had ended.' },
  { seed: 229_538, name: 'after the storm', found: 'The same, when all faults were over: nothing of that SKU changed any more.' },
  {
    seed: 80194,
    name: 'an order of another request',
    found: 'A checkout that had been told of the order of another one ordered the next hold when it was repeated.',
  },
  {
    seed: 5027,
    name: 'a number that moved',
    found: 'A gateway followed a claim that its store had lost under a number that another user had by then, and its user waited for ever.',
  },
  {
    seed: 40_180,
    name: 'somebody else’s place',
    found: 'A gateway showed a user whose ticket had been lost in a failover the place of whoever had got its number.',
  },
  { seed: 800_375, name: 'back to an order', found: 'A checker did not know the order that came back when the claim after it was lost.' },
  {
    seed: 600_358,
    name: 'a refund forgotten',
    found: 'A checker did not know that a worker may tell of a payment whose refund the store has lost.',
  },
  {
    seed: 500_065,
    name: 'nothing of nothing',
    found: 'A checker did not know that a store which loses a whole SKU leaves nobody anything of it.',
  },
  {
    seed: 920_328,
    name: 'nobody waited any more',
    found: 'An answer that came after its call was given up was the last word of a claim, and the client dropped it.',
  },
  {
    seed: 930_130,
    name: 'an answer overtaken',
    found: 'A checker did not let the answer to a checkout come after the word of its payment.',
  },
  {
    seed: 950_151,
    name: 'a record beyond the journal',
    found: 'A checker did not know of a cold record that was written after its journal was lost.',
  },
  {
    seed: 920_221,
    name: 'long without an owner',
    found: 'Checkers no longer excused what was said of lost records when their shard had been without an owner for long.',
  },
  {
    seed: 2006,
    name: 'sold out a moment ago',
    found:
      'A checker did not let a gateway say that all is sold just after more units were put in, while a slower copy of the call got one.',
  },
  {
    seed: 1_800_962,
    name: 'a lobby nobody follows',
    found:
      'A gateway passed on that its user was in a lobby of a SKU that it did not know yet, and never told them when a store had lost that.',
  },
  {
    seed: 5_000_021,
    name: 'an end told twice',
    found: 'A checker did not know that the end of an order which came back with a failover may be told once more.',
  },
  {
    seed: 438_412_977,
    name: 'a place from a half-open socket',
    found: 'A gateway that had been cut off told a device that came back to it the place which it still owed to that user’s dead socket.',
  },
  {
    seed: 593_053_509,
    name: 'nothing to leave',
    found:
      'A leave of somebody whose place a failover had lost was answered and not remembered, and its copy gave up the place that they had next.',
  },
  { seed: 31, name: 'nothing to leave, with nothing lost', found: 'The same of users who had never had a place.' },
]

/** For each sabotage a seed that catches it, found by `npm run simulate -- --sabotage all --search`. */
export const catchingSeeds: Readonly<Record<string, number>> = {
  'draw-by-arrival': 8,
  'absence-never-over': 41,
  'no-fence': 3,
  'no-chain': 1,
  'reply-before-append': 3,
  'ungated-read': 1,
  'ungated-broadcast': 1,
  'no-dedupe': 1,
  'double-grant': 2,
  'leak-expired-hold': 1,
  'skip-outbox': 2,
  'line-overtake': 4,
  'late-payment-sold': 9,
  'lost-broadcast-not-repaired': 7,
  'limit-per-device': 2,
  'unconditional-snapshot': 25,
  'deadlines-by-local-clock': 1,
  'stale-view-refuses': 15,
  'snapshot-forgets-requests': 6,
  'late-copy-acts': 2,
  'charge-twice': 1,
  'cancel-forgets-money': 1,
  'price-of-now': 14,
  'refund-not-made': 2,
  'forget-unknown': 1,
  'fenced-answers-leave': 5,
  'restock-twice': 5,
  'moved-deadline-forgotten': 109,
  'holds-lost-in-pause': 5,
  'money-kept': 10,
  'reread-tells-nobody': 55,
  'place-rises': 9,
  'erased-too-early': 26,
  'erased-is-new': 15,
  'quota-leak': 3,
  'reservation-used-twice': 3,
  'room-not-given-back': 2,
  'limit-stays-shrunk': 2,
}
