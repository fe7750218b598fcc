import { hashText, mix32 } from '../../protocol/hash.ts'
import type { DrawInfo, DrawStage } from '../../protocol/results.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import type { Beacon } from '../draw/beacon.ts'
import { entryIdBytes } from '../draw/roster.ts'
import { commitmentOf } from '../draw/seed.ts'
import type { DrawSecret } from './events.ts'
import { aligned } from './saved-columns.ts'

/**
 * The lobby and the draw of one SKU. Written by `evolve` alone.
 *
 *     lobby     people come and go
 *     counting  closed: whoever was there becomes part of the roster, in portions; the claims up to `cutoff` are theirs, later ones came too late
 *     beacon    the roster's hash is public, and the value of the planned beacon is awaited
 *     seating   the drawn ones get their tickets in the drawn order, then those who came too late in the order in which they came
 *     done      the sale is open as any other, and the seed no secret any more
 */
export class SkuDraw {
  readonly commitment: Uint8Array
  /** Undefined where former versions wrote the seed as it is. */
  readonly sealed: Uint8Array | undefined
  /** Of a sealed one: undefined until the journal has revealed it. */
  seed: Uint8Array | undefined
  stage: DrawStage = 'lobby'
  /** People who are in the lobby, those who came too late among them. */
  people = 0
  /** The last claim that takes part. */
  cutoff = 0
  /** Claims up to this one are in the roster, or were gone. */
  countedTo = 0
  rosterSize = 0
  rosterHash: Uint8Array | undefined
  /** When the draw goes on without its beacon. */
  beaconUntil = 0
  /** In hex; null if there is none to come, or it did not come in time; undefined as long as it is awaited. */
  beaconValue: string | null | undefined
  /** Positions of the drawn order that have been seated; and the last claim of those who came too late that has been. */
  seatedTo = 0
  lateTo = 0
  private claims = new Uint32Array(0)
  private ids = new Uint8Array(0)

  constructor(secret: DrawSecret, { sku, draw }: SkuSettings) {
    const isSealed = secret.kind === 'sealed'
    this.seed = isSealed ? undefined : secret.seed
    this.sealed = isSealed ? secret.sealed : undefined
    this.commitment = isSealed ? secret.commitment : commitmentOf(secret.seed, sku, draw?.beacon)
  }

  reveal(seed: Uint8Array): void {
    this.seed = seed
  }

  /** Adds to the roster: claims, and the entry ids of their users one after the other. */
  count(claims: Uint32Array, ids: Uint8Array): void {
    const size = this.rosterSize + claims.length
    if (size > this.claims.length) this.grow(size)
    this.claims.set(claims, this.rosterSize)
    this.ids.set(ids, this.rosterSize * entryIdBytes)
    this.rosterSize = size
  }

  /** Entry ids in the order of their claims. */
  get entryIds(): Uint8Array {
    return this.ids.subarray(0, this.rosterSize * entryIdBytes)
  }

  claimAt(entry: number): number {
    return this.claims[entry] as number
  }

  beacon({ draw }: SkuSettings): Beacon {
    return draw?.beacon === undefined ? undefined : { ...draw.beacon, value: this.beaconValue ?? null }
  }

  /** What everyone may know at this moment. */
  info({ draw }: SkuSettings): DrawInfo {
    const { stage, people, rosterSize, beaconValue } = this
    return {
      stage,
      commitment: hexOf(this.commitment),
      people: stage === 'lobby' ? people : rosterSize,
      beacon: draw?.beacon ?? null,
      rosterHash: this.rosterHash === undefined ? null : hexOf(this.rosterHash),
      beaconValue: beaconValue ?? null,
    }
  }

  digest(): number {
    const { people, cutoff, countedTo, rosterSize, beaconUntil, seatedTo, lateTo } = this
    let digest = hashText(this.stage)
    for (const number of [people, cutoff, countedTo, rosterSize, beaconUntil | 0, seatedTo, lateTo]) {
      digest = mix32(Math.imul(digest, 31) ^ number)
    }
    digest = mix32(digest ^ hashText(`${this.beaconValue} ${hexOf(this.rosterHash ?? new Uint8Array(0))}`))
    // Journals with a plain seed have digests without it.
    return this.sealed === undefined || this.seed === undefined ? digest : mix32(digest ^ hashText(hexOf(this.seed)))
  }

  save(): SavedDraw {
    const { commitment, sealed, seed, stage, people, cutoff, countedTo, rosterHash, beaconUntil, beaconValue, seatedTo, lateTo } = this
    const claims = new Uint8Array(this.claims.slice(0, this.rosterSize).buffer)
    const numbers = [people, cutoff, countedTo, beaconUntil, seatedTo, lateTo]
    return {
      ...(seed === undefined ? {} : { seed }),
      ...(sealed === undefined ? {} : { sealed, commitment }),
      ...{ stage, numbers, rosterHash: rosterHash ?? null, beaconValue: beaconValue ?? null, claims, ids: this.entryIds.slice() },
    }
  }

  restore(saved: SavedDraw): void {
    const [people = 0, cutoff = 0, countedTo = 0, beaconUntil = 0, seatedTo = 0, lateTo = 0] = saved.numbers
    const { stage, rosterHash, beaconValue, seed } = saved
    if (seed !== undefined) this.seed = seed
    const known = { rosterHash: rosterHash ?? undefined, beaconValue: stage === 'seating' || stage === 'done' ? beaconValue : undefined }
    Object.assign(this, { stage, people, cutoff, countedTo, beaconUntil, seatedTo, lateTo, ...known })
    this.count(new Uint32Array(aligned(saved.claims)), saved.ids)
  }

  private grow(needed: number): void {
    const capacity = Math.max(needed, Math.min(this.cutoff, this.claims.length * 2))
    const claims = new Uint32Array(capacity)
    const ids = new Uint8Array(capacity * entryIdBytes)
    claims.set(this.claims)
    ids.set(this.ids)
    this.claims = claims
    this.ids = ids
  }
}

/** Columns are little-endian. */
export interface SavedDraw {
  /** Once it is no secret any more; always in snapshots of former versions, which have nothing sealed. */
  readonly seed?: Uint8Array
  readonly sealed?: Uint8Array
  readonly commitment?: Uint8Array
  readonly stage: DrawStage
  /** people, cutoff, countedTo, beaconUntil, seatedTo, lateTo */
  readonly numbers: readonly number[]
  readonly rosterHash: Uint8Array | null
  readonly beaconValue: string | null
  readonly claims: Uint8Array
  readonly ids: Uint8Array
}

export function savedSecret({ seed, sealed, commitment }: SavedDraw): DrawSecret | undefined {
  if (sealed !== undefined && commitment !== undefined) return { kind: 'sealed', sealed, commitment }
  return seed === undefined ? undefined : { kind: 'plain', seed }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
