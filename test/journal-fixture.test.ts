import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditJournal } from '../ops/journal/journal-audit.ts'
import { openJournal } from '../ops/journal/open-journal.ts'
import { fixtureClaims, fixtureFolder, fixtureSettings, fixtureStock } from './journal-fixture.ts'
import { RunningNode } from './running-node.ts'

let dataFolder: string

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'sluice-fixture-'))
  await cp(fixtureFolder, dataFolder, { recursive: true })
})

afterAll(() => rm(dataFolder, { recursive: true, force: true }))

test('JRN-20 the independent reader explains the journal that version 1 wrote', async () => {
  const journal = openJournal(dataFolder)
  try {
    const report = await auditJournal(journal)
    expect(report.problems).toEqual([])
    const { available, held, ordered, sold, waiting } = fixtureStock
    expect(report.skus).toMatchObject([{ sku: 'lamp', units: 4, available, held, ordered, sold, waiting }])
  } finally {
    await journal.close()
  }
})

test('JRN-21 a node goes on from the journal that version 1 wrote: everyone has what they were told', async () => {
  const node = await RunningNode.start({ dataFolder, settings: fixtureSettings })
  try {
    const operator = node.operator()
    expect(await operator.skuStatus('lamp')).toEqual(fixtureStock)
    for (const [user, claim] of Object.entries(fixtureClaims)) expect(await operator.as(user).claim('lamp'), user).toMatchObject(claim)
    expect(await operator.as('ann').orders()).toMatchObject([{ state: 'paid', sku: 'lamp' }])
    expect(await operator.as('dee').orders()).toMatchObject([{ state: 'declined', sku: 'lamp' }])
    await operator.saleResume('lamp')
    expect(await operator.as('bob').leave('lamp')).toEqual({ state: 'none' })
    expect(await operator.as('gil').claim('lamp')).toMatchObject({ state: 'held', hold: 7 })
    operator.close()
  } finally {
    await node.stop()
  }
})
