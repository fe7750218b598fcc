import { execFileSync, spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { drawAmong, seedNumber } from '../testing/plain-draw.ts'

const users = Array.from({ length: 300 }, (_, i) => `Zoë ${i}`)
const seed = Buffer.from(seedNumber(42))
const beacon = { source: 'drand:quicknet', round: 4_294_967_301, value: 'a1b2c3' }

test.skipIf(spawnSync('openssl', ['version']).status !== 0)('DRAW-7 the openssl command comes to the same draw, step by step', () => {
  const proof = drawAmong(users, seed, beacon)
  const plan = `${beacon.round.toString(16).padStart(16, '0')}${hexOf(beacon.source)}`
  expect(proof.commitment).toBe(tagged('commitment', seed.toString('hex'), hexOf('shoe'), plan))

  const entryKey = tagged('entry-key', seed.toString('hex'))
  const macs = users.slice(0, 3).map((user) => openssl(hexOf(user), 'dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${entryKey}`))
  for (const mac of macs) expect(proof.roster).toContain(mac.slice(0, 32))
  expect(proof.roster).toEqual(proof.roster.toSorted())
  expect(proof.rosterHash).toBe(tagged('roster', sha256(proof.roster.join(''))))

  const key = tagged('order-key', seed.toString('hex'), proof.rosterHash, beacon.value)
  const stream = openssl('00'.repeat(4_096), 'enc', '-aes-256-ctr', '-K', key, '-iv', '00'.repeat(16))
  expect(proof.order).toEqual(shuffledBy(stream, users.length))
})

test('DRAW-8 the draw of known inputs stays what it was: proofs are kept for longer than versions of this program', () => {
  const { commitment, rosterHash, order } = drawAmong(users.slice(0, 12), seed, beacon)
  expect({ commitment, rosterHash, order }).toEqual({
    commitment: 'afa9c299ebb30e612054cb26f85da940997eeb1668d925c6378f5e1c413fcace',
    rosterHash: '91e50c0635cfa9dd3feb90a09d8bf78cdd1d2361df2a55779ce9cbe6671d9c38',
    order: [4, 6, 3, 10, 11, 2, 5, 0, 9, 7, 8, 1],
  })
})

/** What docs/draw.md says of the shuffle, written once more in the plainest way. */
function shuffledBy(stream: string, size: number): readonly number[] {
  const order = Array.from({ length: size }, (_, i) => i)
  let at = 0
  for (let left = size; left > 1; left--) {
    let drawn = 0n
    do {
      drawn = BigInt(`0x${stream.slice(at, at + 8)}`)
      at += 8
    } while (drawn >= 2n ** 32n - (2n ** 32n % BigInt(left)))
    const chosen = Number(drawn % BigInt(left))
    const [last, other] = [order[left - 1] ?? 0, order[chosen] ?? 0]
    order[left - 1] = other
    order[chosen] = last
  }
  return order
}

/** The tagged hash of parts in hex. */
function tagged(purpose: string, ...parts: readonly string[]): string {
  const sized = parts.map((part) => `${(part.length / 2).toString(16).padStart(8, '0')}${part}`)
  return sha256(`${hexOf(`sluice.draw.1.${purpose}`)}00${sized.join('')}`)
}

function sha256(hex: string): string {
  return openssl(hex, 'dgst', '-sha256')
}

function openssl(inputHex: string, ...words: readonly string[]): string {
  const binary = words[0] === 'dgst' ? ['-binary'] : []
  return execFileSync('openssl', [...words, ...binary], { input: Buffer.from(inputHex, 'hex') }).toString('hex')
}

function hexOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex')
}
