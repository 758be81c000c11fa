// Optional comfort: everything works without this file.
"use strict";
