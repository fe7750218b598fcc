import { describe } from 'vitest'
import { type StoreBench, StoreFixture } from './store-bench.ts'
import { journalContract } from './store-journal-contract.ts'
import { ownershipContract } from './store-ownership-contract.ts'
import { rivalsContract } from './store-rivals-contract.ts'
import { snapshotContract } from './store-snapshot-contract.ts'

/** What every `Store` promises. `makeBench` gives fresh data with at least two shards of each kind. */
export function storeContract(name: string, makeBench: () => Promise<StoreBench>): void {
  describe(`${name} keeps the contract of Store`, () => {
    const at = new StoreFixture(makeBench)
    ownershipContract(at)
    journalContract(at)
    snapshotContract(at)
    rivalsContract(at)
  })
}
