import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import type { ClaimState } from '../protocol/results.ts'
import { RunningNode } from './running-node.ts'

/** A data folder that version 1 wrote. Every later version has to read it; when the format gets a new version, it gets a folder beside this one. */
export const fixtureFolder = fileURLToPath(new URL('../../test/fixtures/journal-1', import.meta.url))

export const fixtureSettings = { shards: 2 } as const

/** What the fixture's people were told last; `ghost` never called. */
export const fixtureClaims: Readonly<Record<string, Readonly<Partial<ClaimState>>>> = {
  ann: { state: 'paid', qty: 1, amountMinor: 4_900, currency: 'EUR' },
  bob: { state: 'held', hold: 2, qty: 1 },
  cyd: { state: 'none' },
  // An ended claim without units is put away after a while; its order stays in the user's history.
  dee: { state: 'none' },
  eve: { state: 'held', hold: 5, qty: 1 },
  fay: { state: 'held', hold: 6, qty: 1 },
  gil: { state: 'queued', ticket: 7, ahead: 0 },
  hal: { state: 'queued', ticket: 8, ahead: 1 },
  ghost: { state: 'none' },
}

export const fixtureStock = { sku: 'lamp', available: 0, held: 3, ordered: 0, sold: 1, waiting: 2, state: 'paused' } as const

/** Writes the fixture anew with the code as it is; scripts/make-journal-fixture.mjs calls it. @public */
export async function writeFixture(): Promise<void> {
  const node = await RunningNode.start({ settings: { ...fixtureSettings, simulatedDelayMs: 0 } })
  try {
    await node.createSku('lamp', { title: 'Lamp', stock: 3, priceMinor: 4_900, holdTtlMs: 3_600_000 })
    const operator = node.operator()
    for (const user of ['ann', 'bob', 'cyd', 'dee', 'eve', 'fay', 'gil', 'hal']) await operator.as(user).buy('lamp')
    await operator.as('ann').checkout('lamp', 'tok_ok')
    await settled(operator, 'ann', 'paid')
    await operator.as('cyd').leave('lamp')
    await operator.as('dee').checkout('lamp', 'tok_declined')
    await settled(operator, 'dee', 'declined')
    await operator.restock('lamp', 1)
    await settled(operator, 'fay', 'held')
    await operator.salePause('lamp')
    // Until the orders' ends have been put away, so that the journal has every kind of event.
    for (const user of ['ann', 'dee']) while ((await operator.as(user).orders()).length === 0);
    operator.close()
    await node.terminate()
    await cp(join(node.dataFolder, 'data.mdb'), join(fixtureFolder, 'data.mdb'))
  } finally {
    await node.stop()
  }
}

async function settled(operator: RpcClient, user: string, state: ClaimState['state']): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) if ((await operator.as(user).claim('lamp')).state === state) return
  throw new Error(`within 20 s the claim of ${user} did not become ${state}`)
}
