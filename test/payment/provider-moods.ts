/** How the provider under test takes one request. */
export const moods = [
  'well',
  /** Refuses with a 503, and has done nothing. */
  'fails',
  /** Does it, and says nothing. */
  'hangs',
  /** Does nothing, and says nothing. */
  'loses-request',
  /** Does it, and breaks the connection. */
  'loses-answer',
  /** Does it, and answers late. */
  'late',
  /** Says that it is not decided yet; it is a moment later. */
  'pending',
  /** Gives its answer, and once more when the next request comes over the connection. */
  'twice',
  /** Answers what is not in the contract. */
  'babbles',
  /** Answers without an end. */
  'floods',
] as const

export type Mood = (typeof moods)[number]

/** What the moods are drawn from, with the part of requests that each gets; the rest goes well. */
export type Climate = Partial<Record<Mood, number>>

/** A mood for one request, by a number from 0 to 1. */
export function moodOf(climate: Climate, drawn: number): Mood {
  let from = 0
  for (const mood of moods) {
    from += climate[mood] ?? 0
    if (drawn < from) return mood
  }
  return 'well'
}
