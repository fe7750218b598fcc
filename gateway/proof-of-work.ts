import { createChallenge, type Challenge as AltchaChallenge, verifySolution } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/sha'
import { z } from 'zod'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { ChallengeIssuer, ChallengeSubject, ProofFault } from './challenges.ts'

/** Hashes in a row for one guess: one, so that the number of guesses alone is what a challenge costs. */
const hashesPerGuess = 1
/** Checked here before the library sees it: what comes from outside is hostile. */
const proofSchema = z.strictObject({
  challenge: z.strictObject({
    parameters: z.strictObject({
      algorithm: z.literal('SHA-256'),
      cost: z.literal(hashesPerGuess),
      data: z.strictObject({ requestId: z.string().max(64), sku: z.string().max(48), user: z.string().max(64) }),
      expiresAt: z.int().nonnegative(),
      keyLength: z.literal(32),
      keyPrefix: hex(16),
      nonce: hex(16),
      salt: hex(16),
    }),
    signature: hex(32),
  }),
  solution: z.strictObject({ counter: z.int().nonnegative(), derivedKey: hex(32) }),
})

/**
 * Proof of work as ALTCHA has it (https://altcha.org, version 2, deterministic mode): a number below `steps` was hashed with a nonce, and whoever finds it by
 * trying has done `steps / 2` hashes on average. The server keeps nothing: the challenge is signed, and names whom it is for.
 */
export class ProofOfWork implements ChallengeIssuer {
  private readonly secret: string
  private readonly drawBelow: (limit: number) => number

  /** All gateways of a cluster have the same secret. `drawBelow` gives an integer from 0 to below the limit that nobody can guess. */
  constructor(secret: string, drawBelow: (limit: number) => number) {
    this.secret = secret
    this.drawBelow = drawBelow
  }

  async issue({ user, sku, requestId }: ChallengeSubject, steps: number, expiresAt: number): Promise<Plain> {
    const { parameters, signature = '' } = await createChallenge({
      algorithm: 'SHA-256',
      cost: hashesPerGuess,
      counter: this.drawBelow(steps),
      data: { user, sku, requestId },
      deriveKey,
      expiresAt: Math.floor(expiresAt / 1000),
      hmacSignatureSecret: this.secret,
    })
    return { parameters: { ...parameters }, signature }
  }

  async check(subject: ChallengeSubject, proof: Plain, now: number): Promise<ProofFault | undefined> {
    const read = proofSchema.safeParse(proof)
    if (!read.success) return 'malformed'
    const { challenge, solution } = read.data
    const { data, expiresAt } = challenge.parameters
    if (data.user !== subject.user || data.sku !== subject.sku || data.requestId !== subject.requestId) return 'foreign'
    if (expiresAt * 1000 < now) return 'expired'
    const { verified, expired } = await verifySolution({
      challenge: challenge satisfies AltchaChallenge,
      deriveKey,
      hmacSignatureSecret: this.secret,
      solution,
    })
    if (verified) return undefined
    return expired ? 'expired' : 'wrong'
  }
}

function hex(bytes: number) {
  return z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
}
