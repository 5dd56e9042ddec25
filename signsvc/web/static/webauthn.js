// An assertion by a passkey, as JSON: the challenge is the digest of the act, so it approves exactly that act.
'use strict'

const toBytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16))
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

function say(vi, en) {
  const refused = document.getElementById('refused')
  refused.replaceChildren(document.createTextNode(`${vi} `))
  const english = document.createElement('span')
  english.lang = 'en'
  english.textContent = en
  refused.append(english)
  refused.hidden = false
  refused.scrollIntoView({ block: 'nearest' })
}

function sayError(error) {
  if (error.name === 'NotAllowedError')
    say('Bạn chưa xác nhận, hoặc thiết bị không có khóa truy cập cho trang này.',
      'You did not confirm, or this device has no passkey for this page.')
  // What fetch throws is none.
  else if (error instanceof DOMException)
    say('Trình duyệt này không dùng được khóa truy cập ở địa chỉ này. Hãy mở lại trang từ hệ thống của bạn, hoặc đổi trình duyệt.',
      'This browser cannot use a passkey at this address. Open the page again from your system, or use another browser.')
  else
    say('Không gửi được. Hãy kiểm tra mạng rồi thử lại.', 'It could not be sent. Check the connection and try again.')
}

async function assertion(digest, rpId) {
  const credential = await navigator.credentials.get({
    publicKey: { challenge: toBytes(digest), rpId, userVerification: 'required', timeout: 120000 },
  })
  const { response } = credential
  return {
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
  }
}

// The answer's members, or null when it was refused and the person has been told.
async function post(members) {
  const answer = await fetch(location.href, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(members),
  })
  const told = await answer.json()
  if (answer.ok) return told
  say(told.message ?? told.detail ?? 'Không thực hiện được.', told.message_en ?? told.detail_en ?? 'Not done.')
  return null
}
