import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLmdbReader } from '../cluster/lmdb-reader.ts'
import { type LmdbStoreOptions, openLmdbStore } from '../cluster/lmdb-store.ts'
import type { Presence } from '../cluster/owner-socket.ts'
import { journalStart, type Store } from '../cluster/store.ts'
import { realClock, realWorld } from '../ops/world.ts'

const worker = fileURLToPath(new URL('store-worker.js', import.meta.url))
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
let folder = ''
const workers: Worker[] = []
const stores: Store[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-folder-'))
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  for (const each of workers.splice(0)) await each.kill()
  rmSync(folder, { recursive: true })
})

/** A process that owns {@link folder}, or tries to. */
class Worker {
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #ended: Promise<void>

  constructor(records = 0) {
    this.#child = spawn(process.execPath, [worker, folder, 'fsync', '1000', '0', `${records}`], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => resolve())
    })
    if (this.#child.stdout === null) throw new Error('no output')
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#lines.push(line))
    workers.push(this)
  }

  async line(start: string): Promise<string> {
    const deadline = Date.now() + 20_000
    for (;;) {
      const found = this.#lines.find((line) => line.startsWith(start))
      if (found !== undefined) return found
      if (Date.now() > deadline) throw new Error(`no "${start}" after 20 s; there were: ${this.#lines.join(' | ')}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  stored(): number {
    return this.#lines.filter((line) => line.startsWith('stored')).length
  }

  append(): void {
    this.#child.stdin?.write('append\n')
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async end(): Promise<void> {
    this.#child.stdin?.end()
    await this.#ended
  }
}

async function open(more: Partial<LmdbStoreOptions> = {}): Promise<Store> {
  const shards = { inv: 2, ses: 2 }
  const store = await openLmdbStore({ folder, durability: 'fsync', archiveDays: 30, shards, world: realWorld(silent), ...more })
  stores.push(store)
  return store
}

async function seqs(store: { readTail: Store['readTail'] }): Promise<number[]> {
  const found: number[] = []
  for await (const { position } of store.readTail('inv.0', journalStart)) found.push(position.seq)
  return found
}

function sockets(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.sock'))
}

test('STO-40 a second process is refused while the first lives, also while that is stopped', async () => {
  const first = new Worker(3)
  await first.line('stored 3')
  const refusal = { code: 'STORE_IN_USE', message: `the data folder ${folder} is in use by another process` }
  await expect(open()).rejects.toMatchObject(refusal)
  first.signal('SIGSTOP')
  await expect(open()).rejects.toMatchObject(refusal)
  first.signal('SIGCONT')
  first.append()
  await first.line('stored 4')
  const second = new Worker()
  expect(await second.line('fault')).toBe(`fault STORE_IN_USE ${refusal.message}`)
})

test('STO-41 the folder of a killed process is taken over at once, with everything that was acknowledged', async () => {
  const first = new Worker(1000)
  await first.line('stored 50')
  await first.kill()
  const store = await open()
  const kept = await seqs(store)
  expect(kept.length).toBeGreaterThanOrEqual(first.stored())
  expect(kept).toEqual(kept.map((_, index) => index + 1))
  expect(await store.claim('inv.0', 'next')).toMatchObject({ epoch: 2 })
  expect(sockets()).toHaveLength(1)
})

test('STO-42 a process that was wrongly thought dead can write no more, and says so', async () => {
  const first = new Worker(3)
  await first.line('stored 3')
  for (const socket of sockets()) rmSync(join(folder, socket))
  const store = await open()
  first.append()
  expect(await first.line('fenced')).toBe('fenced 4')
  expect(await seqs(store)).toEqual([1, 2, 3])
  await first.end()
  await expect(open()).rejects.toMatchObject({ code: 'STORE_IN_USE' })
})

test('STO-43 of processes that start at once exactly one gets the folder, new or left by a dead one', async () => {
  for (let round = 0; round < 3; round++) {
    const rivals = [new Worker(), new Worker(), new Worker()]
    const lines = await Promise.all(rivals.map((rival) => Promise.race([rival.line('open'), rival.line('fault')])))
    expect(lines.filter((line) => line.startsWith('open'))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('fault STORE_IN_USE'))).toHaveLength(2)
    for (const rival of rivals) await rival.kill()
  }
})

test('STO-43 of two that both saw the last owner dead the slower one is refused', async () => {
  await (await open()).close()
  const living = new Set<string>()
  let arrived: () => void = () => {}
  let waiting = 2
  const both = new Promise<void>((resolve) => {
    arrived = () => void (--waiting === 0 && resolve())
  })
  const presence: Presence = {
    announce: async (owner) => {
      living.add(owner)
      arrived()
      await both
      return { close: async () => void living.delete(owner) }
    },
    alive: async (owner) => living.has(owner),
    forget: async () => {},
  }
  const outcomes = await Promise.allSettled([open({ presence }), open({ presence })])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'STORE_IN_USE' } })
  expect(living.size).toBe(1)
})

test('STO-44 a closed store leaves nothing behind but its data', async () => {
  const store = await open()
  await store.close()
  expect(readdirSync(folder).sort()).toEqual(['data.mdb', 'lock.mdb'])
})

test('STO-45 a folder that cannot be used is one clear line', async () => {
  const refused = async (at: string, message: RegExp, more: Partial<LmdbStoreOptions> = {}): Promise<void> => {
    const opening = open({ folder: at, ...more })
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNUSABLE' })
    await expect(opening).rejects.toThrow(message)
    expect(String(await opening.catch((error: unknown) => error))).not.toContain('\n')
  }
  const file = join(folder, 'file')
  writeFileSync(file, 'x')
  await refused(join(file, 'data'), /^cannot use the data folder .*file\/data: ENOTDIR/)
  await refused(file, /^cannot (use|make a socket in) the data folder .*: .*ENOTDIR/)
  await refused('/proc/none', /^cannot use the data folder \/proc\/none: ENOENT/)
  await refused(join(folder, 'x'.repeat(100)), /^the path of the data folder is too long for a socket in it: /)
  expect(readdirSync(folder)).toEqual(['file'])
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o500)
    await refused(join(folder, 'locked'), /^cannot use the data folder .*: EACCES/)
    chmodSync(folder, 0o700)
  }
  mkdirSync(join(folder, 'garbage'))
  writeFileSync(join(folder, 'garbage', 'data.mdb'), 'not a database'.repeat(1000))
  await refused(join(folder, 'garbage'), /^cannot use the data folder .*garbage: data.mdb in it is not a database of this program$/)
  expect(readdirSync(join(folder, 'garbage'))).not.toContain(expect.stringContaining('.sock'))
})

test('STO-46 other shard counts than the folder was made with are refused, and nothing is changed', async () => {
  await (await open()).close()
  const opening = open({ shards: { inv: 3, ses: 2 } })
  await expect(opening).rejects.toMatchObject({
    code: 'STORE_UNUSABLE',
    message: `the data folder ${folder} was made with 2 and 2, not 3 inventory and 2 session shards`,
  })
  await (await open()).close()
})

test('STO-47 a reader beside the owner sees every commit, writes nothing and needs nobody to be alive', async () => {
  const first = new Worker(3)
  await first.line('stored 3')
  const reader = openLmdbReader(folder, realClock)
  expect(reader.shards).toEqual(['inv.0', 'inv.1', 'ses.0', 'ses.1'])
  expect(await seqs(reader)).toEqual([1, 2, 3])
  first.append()
  await first.line('stored 4')
  expect(await seqs(reader)).toEqual([1, 2, 3, 4])
  await first.kill()
  expect(await seqs(reader)).toEqual([1, 2, 3, 4])
  await reader.close()
  await expect(seqs(reader)).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  expect(() => openLmdbReader(join(folder, 'none'), realClock)).toThrow(`there is no data in the folder ${join(folder, 'none')}`)
  expect(readdirSync(folder)).not.toContain('none')
})
