import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { freePorts } from '../free-ports.ts'
import { RunningNode } from '../running-node.ts'
import { projectFolder } from './compose-file.ts'
import { finalStage, readDockerFile } from './docker-file.ts'

const run = promisify(execFile)
const words = z.array(z.string())

/** A program of the image in exec form, `CMD ["node", "a.js"]`: signals reach it, since no shell stands between. */
function programOf(word: string): readonly string[] {
  const rest = finalStage().find((one) => one.word === word)?.rest ?? ''
  return words.parse(JSON.parse(rest.slice(rest.indexOf('['))))
}

test('DEP-6 the image runs on Debian 13 with Node 24, not as root, with a health check', () => {
  const bases = readDockerFile().filter(({ word }) => word === 'FROM')
  expect(bases.map(({ rest }) => rest.split(' ')[0])).toEqual(Array(3).fill('node:24-trixie-slim'))
  const users = finalStage().filter(({ word }) => word === 'USER')
  expect(users.map(({ rest }) => rest)).toEqual(['node'])
  expect(programOf('ENTRYPOINT')).toEqual(['node', 'dist/ops/main.js'])
  expect(programOf('HEALTHCHECK')).toEqual(['node', 'dist/ops/deploy/health-check.js'])
})

test('DEP-6 what goes into the image is enough to build it, and neither secrets nor history go in', async () => {
  const context = await mkdtemp(join(tmpdir(), 'sluice-image-'))
  try {
    const [all, ...rules] = readFileSync(join(projectFolder, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    const taken = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1))
    expect([all, ...rules.filter((rule) => !rule.startsWith('!'))]).toEqual(['*', '**/*.test.ts'])
    for (const path of taken) {
      await mkdir(dirname(join(context, path)), { recursive: true })
      await cp(join(projectFolder, path), join(context, path), { recursive: true, filter: (source) => !source.endsWith('.test.ts') })
    }
    await symlink(join(projectFolder, 'node_modules'), join(context, 'node_modules'))
    const build = await run(process.execPath, ['scripts/build.mjs'], { cwd: context }).catch((error: unknown) => error)
    expect(build, 'what the build says').toMatchObject({ stdout: '' })
    for (const path of [programOf('ENTRYPOINT')[1] ?? '', programOf('HEALTHCHECK')[1] ?? '']) {
      expect(existsSync(join(context, path)), path).toBe(true)
    }
    for (const { rest } of finalStage().filter(({ word, rest: from }) => word === 'COPY' && !from.startsWith('--from'))) {
      for (const path of rest.split(' ').slice(0, -1)) expect(existsSync(join(context, path)), path).toBe(true)
    }
    const { stdout } = await run(process.execPath, [programOf('ENTRYPOINT')[1] ?? '', ...programOf('CMD'), '--help'], { cwd: context })
    expect(stdout).toContain('SLUICE_WEB_PORT')
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}, 120_000)

test('DEP-7 the health check ends well beside a node that lives, and with a line beside none', async () => {
  const check = join(projectFolder, programOf('HEALTHCHECK')[1] ?? '')
  const node = await RunningNode.start({ settings: { shards: 1 } })
  try {
    await run(process.execPath, [check], { env: { SLUICE_OPS_PORT: String(node.ports.ops), SLUICE_OPS_HOST: '0.0.0.0' } })
  } finally {
    await node.stop()
  }
  const [port = 0] = await freePorts(1)
  const alone = run(process.execPath, [check], { env: { SLUICE_OPS_PORT: String(port) } })
  await expect(alone).rejects.toMatchObject({ code: 1, stderr: `http://127.0.0.1:${port}/healthz does not answer\n` })
})
