// Compiles everything with tsc into dist/ and copies the files that are not TypeScript (pages, styles, pictures).
// Types are not looked at: `npm run check` does that, and takes four times as long.
// dist/ is emptied first, so that a deleted source file cannot live on as a compiled one.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
rmSync(join(root, 'dist'), { recursive: true, force: true })
try {
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', root, '--noCheck'], { stdio: 'inherit', cwd: root })
} catch {
  process.exit(1)
}
const copied = ['gateway/page', 'ops/console/page', 'ops/demo/demo-sale.json', 'ops/demo/demo-catalogue.json', 'ops/plan/capacity.json']
const isServed = (file) => basename(file) !== 'tsconfig.json' && !file.endsWith('.d.ts')
for (const path of copied) {
  if (existsSync(join(root, path))) cpSync(join(root, path), join(root, 'dist', path), { recursive: true, filter: isServed })
}
// The package for charts, as a browser loads it.
for (const [file, name] of [
  ['uPlot.esm.js', 'uplot.js'],
  ['uPlot.min.css', 'uplot.css'],
]) {
  cpSync(join(root, 'node_modules/uplot/dist', file), join(root, 'dist/ops/console/page/plot-package', name))
}
// npm links the command line tool once; a file that is made anew has to be a program again.
chmodSync(join(root, 'dist/ops/main.js'), 0o755)
