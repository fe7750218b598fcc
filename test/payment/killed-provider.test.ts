import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'
import { ProviderProcess } from './provider-process.ts'

const secret = 'between-the-two-of-us-and-nobody-else'
const kills = 4
const usersPerKill = 40
const within = { timeout: 90_000 }

test(
  'PAY-65 node and provider are killed in turns: every order ends, and the ledger agrees to the cent',
  { timeout: 180_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-provider-'))
    const provider = await ProviderProcess.start({ secret, ledgerFile: join(folder, 'ledger') })
    provider.become({ hangs: 0.02, 'loses-request': 0.02, 'loses-answer': 0.1, fails: 0.1 })
    const node = await RunningNode.start({
      settings: { shards: 2, paymentProvider: 'http', paymentConcurrency: 20, paymentDeadlineMs: 1_000 },
      environment: { SLUICE_PAYMENT_URL: provider.url, SLUICE_PAYMENT_SECRET: secret },
    })
    try {
      await node.createSku('lamp', { stock: 1_000, paymentTtlMs: 600_000 })
      for (let kill = 0; kill < kills; kill++) {
        const operator = node.operator()
        const users = Array.from({ length: usersPerKill }, (_, index) => `user-${kill}-${index}`)
        for (const user of users) {
          const shopper = operator.as(user)
          await shopper.buy('lamp')
          await shopper.checkout('lamp', user.endsWith('0') ? 'tok_declined' : 'tok_visa')
        }
        operator.close()
        if (kill % 2 === 0) {
          await provider.kill()
          await provider.restart()
        } else {
          await node.kill()
          await node.restart()
        }
      }
      const operator = node.operator()
      await expect.poll(async () => (await operator.skuStatus('lamp')).ordered, within).toBe(0)
      const { sold, available } = await operator.skuStatus('lamp')
      operator.close()
      expect({ sold, available }).toEqual({ sold: 144, available: 856 })
      const moved = provider
        .books()
        .all()
        .filter(({ kind }) => kind !== 'declined')
      expect(moved).toHaveLength(sold)
      await writeFile(join(folder, 'moved'), moved.map((movement) => JSON.stringify(movement)).join('\n'))
      const { code, out } = await runSluice(['orders', 'reconcile', '--data', node.dataFolder, '--ledger', join(folder, 'moved')])
      expect({ code, out }).toEqual({ code: 0, out: '160 orders: 160 agree, 0 open, 0 differences\n' })
    } finally {
      await node.stop()
      await provider.kill()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
