"use strict";
// OAuth 2.0 Form Post Response Mode: press the button that is there for browsers without scripts.
document.getElementById("answer").submit();
