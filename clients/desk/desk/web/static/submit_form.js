// Sends one form at once; without scripts its button does.
"use strict";
document.getElementById(document.currentScript.dataset.form).requestSubmit();
