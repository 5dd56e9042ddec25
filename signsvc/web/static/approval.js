// Choose documents and approve with a passkey. The server makes the act of what is chosen, and says its digest.
'use strict'

const form = document.getElementById('approval')
const button = document.getElementById('passkey')
const boxes = form ? [...form.querySelectorAll('input[type=checkbox][name=keep]')] : []

const kept = () => (boxes.length ? boxes.filter((box) => box.checked).map((box) => Number(box.value)) : [0])

function changed() {
  document.getElementById('count').textContent = kept().length
  document.getElementById('digest').hidden = true
  document.getElementById('stale').hidden = false
  if (button) button.dataset.digest = ''
}

async function approve() {
  const keep = kept()
  const digest = button.dataset.digest || (await post({ keep }))?.digest
  if (!digest) return
  const response = await assertion(digest, form.dataset.rpId)
  const told = await post({ response, keep })
  if (told) location.assign(told.next)
}

if (boxes.length) {
  form.addEventListener('change', (event) => event.target.name === 'keep' && changed())
  for (const all of form.querySelectorAll('button[value=all], button[value=none]'))
    all.addEventListener('click', (event) => {
      event.preventDefault()
      for (const box of boxes) box.checked = all.value === 'all'
      changed()
    })
}

if (button && window.PublicKeyCredential) {
  button.hidden = false
  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      await approve()
    } catch (error) {
      sayError(error)
    } finally {
      button.disabled = false
    }
  })
}
