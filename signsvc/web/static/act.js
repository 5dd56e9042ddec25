// Give a part in an administrative act by passkey, or make the passkey that an invitation asks for.
'use strict'

const give = document.getElementById('give')

async function registration({ digest, rpId, userId, userName }) {
  const credential = await navigator.credentials.create({
    publicKey: {
      challenge: toBytes(digest),
      rp: { id: rpId, name: 'Ấn Tín' },
      user: { id: toBytes(userId), name: userName, displayName: userName },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      // Not to judge by it, but because without it the authenticator's model (AAGUID) is withheld.
      attestation: 'direct',
      timeout: 300000,
    },
  })
  const { response } = credential
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: toText(response.clientDataJSON),
      attestationObject: toText(response.attestationObject),
      transports: response.getTransports ? response.getTransports() : [],
    },
    clientExtensionResults: {},
  }
}

if (give && window.PublicKeyCredential) {
  give.hidden = false
  give.addEventListener('click', async () => {
    give.disabled = true
    document.getElementById('refused').hidden = true
    try {
      const { digest, rpId, userId } = give.dataset
      const response = userId ? await registration(give.dataset) : await assertion(digest, rpId)
      if (await post({ response })) {
        give.hidden = true
        document.getElementById('done').hidden = false
      }
    } catch (error) {
      sayError(error)
    } finally {
      give.disabled = false
    }
  })
}
