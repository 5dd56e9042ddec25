// Approve with a passkey: the challenge is the digest of the act, so the assertion approves exactly what is listed.
'use strict'

const form = document.getElementById('passkey')
const refused = document.getElementById('refused')

const toBytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16))
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

function say(vi, en) {
  refused.replaceChildren(document.createTextNode(`${vi} `))
  const english = document.createElement('span')
  english.lang = 'en'
  english.textContent = en
  refused.append(english)
  refused.hidden = false
}

async function approve() {
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge: toBytes(form.dataset.digest),
      rpId: form.dataset.rpId,
      userVerification: 'required',
      timeout: 120000,
    },
  })
  const { response } = credential
  const answer = await fetch(location.href, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      response: {
        id: credential.id,
        rawId: toText(credential.rawId),
        type: credential.type,
        response: {
          clientDataJSON: toText(response.clientDataJSON),
          authenticatorData: toText(response.authenticatorData),
          signature: toText(response.signature),
          userHandle: response.userHandle ? toText(response.userHandle) : null,
        },
        clientExtensionResults: {},
      },
    }),
  })
  const told = await answer.json()
  if (answer.ok) location.assign(told.next)
  else say(told.message ?? told.detail ?? 'Không phê duyệt được.', told.message_en ?? told.detail_en ?? 'Not approved.')
}

if (form && window.PublicKeyCredential) {
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    button.disabled = true
    try {
      await approve()
    } catch (error) {
      if (error.name === 'NotAllowedError')
        say('Bạn chưa xác nhận, hoặc thiết bị không có khóa truy cập cho trang này.',
          'You did not confirm, or this device has no passkey for this page.')
      else
        say('Không gửi được phê duyệt. Hãy kiểm tra mạng rồi thử lại.',
          'The approval could not be sent. Check the connection and try again.')
    } finally {
      button.disabled = false
    }
  })
}
