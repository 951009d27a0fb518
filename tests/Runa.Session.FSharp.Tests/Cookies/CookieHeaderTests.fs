module internal Runa.Session.Tests.CookieHeaderTests

let internal nothing = ()
