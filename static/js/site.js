// What every reader page does beyond plain HTML. Each part leaves the page alone when its element is missing.
import * as contents from "./contents.js";
import * as embed from "./embed.js";
import * as menu from "./menu.js";
import * as signup from "./signup.js";
import * as theme from "./theme.js";

for (const part of [theme, menu, signup, embed, contents]) part.setUp();
