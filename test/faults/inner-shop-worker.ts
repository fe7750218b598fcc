import { writeSync } from 'node:fs'
import type { ClaimState } from '../../protocol/results.ts'
import { Chance } from '../checkers/chance.ts'
import { type InnerLine, innerSkus, skuOfInner } from './inner-lines.ts'
import { InnerShop } from './inner-shop.ts'

/**
 * A process with the inside of a shop and its customers, for tests that trace its system calls. Each answer is said on its output the moment it comes
 * (inner-lines.ts), so that the trace has the order of syncs and answers. Ends when it is killed.
 *
 *     node inner-shop-worker.js <folder> <fsync | everysec> <seed> <users>
 */
const [folder = '', durability = 'fsync', seed = '1', users = '100'] = process.argv.slice(2)
const chance = new Chance(Number(seed))

function say(line: InnerLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

function pause(msMax: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, chance.next() * msMax)
  })
}

async function visit(shop: InnerShop, user: string): Promise<void> {
  const sku = skuOfInner(user)
  const ask = async (what: 'buy' | 'leave' | 'checkout', call: () => Promise<ClaimState | string>): Promise<ClaimState | undefined> => {
    say({ kind: 'asks', user, what })
    const claim = await call()
    if (typeof claim === 'string') return undefined
    say({ kind: 'told', user, claim, at: Date.now() })
    return claim
  }
  for (let purchase = 0; ; purchase++) {
    await pause(200)
    let claim = await ask('buy', () => shop.buy(sku, user, `${user}.${purchase}`))
    while (claim?.state === 'queued' && chance.is(0.8)) {
      await pause(100)
      const now = await shop.claim(sku, user)
      claim = typeof now === 'string' ? undefined : now
      if (claim !== undefined) say({ kind: 'told', user, claim, at: Date.now() })
    }
    // Nothing is ever sold here, so that it goes on for as long as it is let.
    if (claim?.state === 'held' && chance.is(0.3)) {
      await ask('checkout', () => shop.checkout(sku, user, 'tok_declined'))
      await pause(100)
    } else if (claim?.state === 'queued' || claim?.state === 'held') await ask('leave', () => shop.leave(sku, user))
  }
}

const shop = await InnerShop.open({
  folder,
  durability: durability === 'everysec' ? 'everysec' : 'fsync',
  onLost: (reason) => {
    throw reason
  },
})
for (const sku of innerSkus) await shop.configure(sku)
shop.onBroadcast(({ shard, epoch, toSeq }) => say({ kind: 'broadcast', shard, epoch, seq: toSeq }))
say({ kind: 'ready' })
await Promise.all(Array.from({ length: Number(users) }, (_, index) => visit(shop, `user-${index}`)))
