// Run after `npm install` has changed package-lock.json. Packages with a binary per platform name all of them as optional dependencies; where a registry
// has only some, npm leaves the others out of the lock file, and `npm ci` then refuses the file that npm itself wrote (npm/cli issue 9846). This adds
// them: pinned to the version that their package asks for, limited to their platform, and without a checksum, since nobody here has seen their bytes.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = join(dirname(fileURLToPath(import.meta.url)), '../package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8'))
const exactVersion = /^\d+\.\d+\.\d+[\w.+-]*$/

for (const [key, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = platformOf(name)
    if (isLocked(name, key) || platform === undefined || !exactVersion.test(version)) continue
    lock.packages[`node_modules/${name}`] = { version, ...platform, ...(entry.dev === true ? { dev: true } : {}), optional: true }
    console.log(`added ${name}@${version}`)
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')))
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)

/** Whether a package that lies at `key` finds the dependency there or in a folder above. */
function isLocked(name, key) {
  for (let at = key; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true
    if (at === '') return false
  }
}

/** The platform that a package's name ends with: `-linux-arm64-musl` runs on Linux with that processor and that C library. */
function platformOf(name) {
  const match = /[-/](aix|android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(.+))?$/.exec(name)
  if (match === null) return undefined
  const [, os, cpu, abi = ''] = match
  const libc = os === 'linux' && /musl/.test(abi) ? 'musl' : os === 'linux' && /gnu/.test(abi) ? 'glibc' : undefined
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] }
}
